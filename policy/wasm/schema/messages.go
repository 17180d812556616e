package main

import (
	"encoding/json"
	"reflect"

	"github.com/rapidbyte/rbt/policy"
)

// abiFile describes the messages.
const abiFile = "../ABI.md"

// message is a question to a module, or the answer.
type message struct {
	file    string
	heading string // of ABI.md
	of      reflect.Type
	answer  bool
}

func messages() []message {
	return []message{
		{"describe-question.json", "Question of `describe`", reflect.TypeFor[describeQuestion](), false},
		{"describe-answer.json", "Answer of `describe`", reflect.TypeFor[describeAnswer](), true},
		{"propose-question.json", "Question of `propose`", reflect.TypeFor[policy.ProposeRequest](), false},
		{"propose-answer.json", "Answer of `propose`", reflect.TypeFor[policy.Proposal](), true},
		{"score-question.json", "Question of `score`", reflect.TypeFor[policy.ScoreRequest](), false},
		{"score-answer.json", "Answer of `score`", reflect.TypeFor[policy.Scores](), true},
	}
}

// Messages that rbt has no type for, since it writes and reads them by hand.
type (
	describeQuestion struct {
		Config json.RawMessage `json:"config"`
	}
	describeAnswer struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	refusal struct {
		Error failure `json:"error"`
	}
	failure struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
)

// objects are the types that ABI.md describes by themselves, by its headings.
func objects() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[policy.Facts]():    "Facts",
		reflect.TypeFor[policy.Knob]():     "Knob",
		reflect.TypeFor[policy.Setting]():  "Setting",
		reflect.TypeFor[policy.Evidence](): "Evidence",
		reflect.TypeFor[policy.Window]():   "Window",
		reflect.TypeFor[policy.Left]():     "Left",
		reflect.TypeFor[policy.Score]():    "Score",
		reflect.TypeFor[failure]():         "Failure",
	}
}
