package main

import "strings"

// streamName writes a table's name as the label of a stream has it, so that
// hcl.ParsePattern reads that one table back: a part that holds a dot, a quote
// or a wildcard, or begins or ends with a space, is SQL-quoted.
func streamName(schema, table string) string {
	return quotePart(schema) + "." + quotePart(table)
}

func quotePart(name string) string {
	if !strings.ContainsAny(name, `."*?`) && strings.TrimSpace(name) == name && name != "" {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// hclString writes a string of a pipeline file.
func hclString(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{").Replace(s)
	return `"` + s + `"`
}
