package policies_test

import (
	"fmt"
	"reflect"
)

// zeros names a field somewhere in v that is not set, or nothing.
func zeros(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).IsZero() && !exempt(v.Type(), i) {
				return v.Type().String() + "." + v.Type().Field(i).Name
			}
			if zero := zeros(v.Field(i)); zero != "" {
				return zero
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if zero := zeros(v.Index(i)); zero != "" {
				return fmt.Sprintf("[%d] %s", i, zero)
			}
		}
	}
	return ""
}

// exempt are fields whose zero means something: a number has no name, and the
// first kind is 0.
func exempt(t reflect.Type, field int) bool {
	return t.Name() == "Value" || t.Field(field).Type.Name() == "Kind"
}
