// Package measure says what programs take, on which machine, and what can be said of several runs.
package measure
