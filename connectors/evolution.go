package connectors

// Evolution says, axis by axis, what becomes of a target whose columns are not
// the stream's any more. Its zero value follows the source and loses nothing.
type Evolution struct {
	NewColumn     NewColumn
	RemovedColumn RemovedColumn
	TypeChange    TypeChange
	Nullability   Nullability
}

// NewColumn says what becomes of a column that the target does not have.
type NewColumn string

const (
	AddColumn     NewColumn = ""       // the target gets it
	IgnoreColumn  NewColumn = "ignore" // it is not copied
	FailNewColumn NewColumn = "fail"
)

// RemovedColumn says what becomes of a column that only the target has.
type RemovedColumn string

const (
	KeepColumn        RemovedColumn = ""     // it stays, and new rows get its default
	DropColumn        RemovedColumn = "drop" // it goes
	FailRemovedColumn RemovedColumn = "fail"
)

// TypeChange says what becomes of a column whose type at the target cannot hold
// every value of the source's.
type TypeChange string

const (
	WidenType      TypeChange = ""     // it gets the source's type, where that holds every value it has
	CastType       TypeChange = "cast" // it stays, and reads the values' texts
	FailTypeChange TypeChange = "fail" // also where it could hold every value
)

// Nullability says what becomes of a column that has no NULL at the target and
// may have some at the source.
type Nullability string

const (
	RelaxNullability Nullability = "" // it may have some
	FailNullability  Nullability = "fail"
)
