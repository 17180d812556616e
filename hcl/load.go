package hcl

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/rapidbyte/rbt/policy"
)

// Options is what a pipeline file is read against.
type Options struct {
	// Vars are values for the file's variables. They go before RBT_VAR_name of
	// the environment, and that before the default.
	Vars map[string]string
	// Env looks up an environment variable, as [os.LookupEnv] does. If nil,
	// none is set.
	Env func(name string) (string, bool)
	// Knobs are the knobs that a pin may name.
	Knobs []policy.Knob
}

// Load reads the pipeline file at a path. The error is a [Diagnostics] unless
// the file cannot be read.
func Load(path string, opts Options) (*Pipeline, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pipeline file: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1)) // one more shows that it is too large
	if err != nil {
		return nil, fmt.Errorf("pipeline file: %w", err)
	}
	return Parse(src, path, opts)
}

// Parse reads a pipeline file's bytes. The filename is for messages, and for
// paths in the file that are relative to it.
func Parse(src []byte, filename string, opts Options) (*Pipeline, error) {
	if opts.Env == nil {
		opts.Env = func(string) (string, bool) { return "", false }
	}
	d := &decoder{root: schema(opts.Knobs)}
	d.evaluator = &evaluator{
		env:   opts.Env,
		diags: &Diagnostics{src: newSource(filename, bytes.TrimPrefix(src, []byte("\ufeff")))},
	}
	if guard(d.diags); len(d.diags.list) > 0 {
		return nil, d.diags.err()
	}
	p := d.pipeline(opts.Vars)
	if err := d.diags.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// pipeline parses, decodes, checks and builds. The result counts only if no
// mistake was noted.
func (d *decoder) pipeline(vars map[string]string) *Pipeline {
	body := d.parse()
	d.declare(body, vars)
	root := d.node(d.root, body)
	streams := d.streams(root)
	d.check(root, streams)
	return build(root, streams, d.diags.src)
}

func (d *decoder) parse() *hclsyntax.Body {
	file, found := hclsyntax.ParseConfig(d.diags.src.text, d.diags.src.file, hcl.InitialPos)
	d.diags.addSyntax(found)
	d.partial = found.HasErrors()
	return file.Body.(*hclsyntax.Body) // what hclsyntax documents
}
