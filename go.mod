module github.com/rapidbyte/rbt

go 1.26

require (
	github.com/dustin/go-humanize v1.1.0
	pgregory.net/rapid v1.3.0
)
