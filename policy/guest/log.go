package guest

// Level says how much a line of a policy's log matters.
type Level uint32

// Levels of rbt's own log.
const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)

// Log adds a line to rbt's log. Natively there is none.
func Log(level Level, text string) { log(uint32(level), text) }
