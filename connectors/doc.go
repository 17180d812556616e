// Package connectors is the contract between the runtime and the databases it
// copies from and to.
//
// A run goes through it in this order:
//
//	Source.Snapshot       one consistent moment of the source
//	Snapshot.Describe     what the streams are: columns, size, partition modes
//	Destination.Targets   what they become, and whether that can work
//	Destination.Begin     the lock, and what an earlier attempt left behind
//	Load.Stage            an empty staging table for each stream
//	Snapshot.Cutter       the stream as parts, every row in exactly one of them
//	Reader → Writer       one part by one lane: blocks of rows, then its mark
//	Load.Publish          staging becomes the target, in one short transaction
//	Load.Finish           the run is over
//
// The rows pass as opaque bytes in a format that both sides know by name. The
// runtime counts and relays them; it never looks inside.
//
// The package does nothing by itself. Package conntest checks a connector
// against the contract.
package connectors
