package emulator

import (
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// masked keeps what the read mask names, or the call's default: as on the network, a client that forgets a path gets nothing
// there, and one that names a path that does not exist is refused.
func masked[M proto.Message](m M, mask *fieldmaskpb.FieldMask, standard ...string) (M, error) {
	paths := standard
	if mask != nil {
		paths = mask.GetPaths()
	}
	if slices.Contains(paths, "*") {
		return m, nil
	}
	kept := m.ProtoReflect().New()
	for _, p := range paths {
		// A path within another would write into what that one shares with m.
		if slices.ContainsFunc(paths, func(q string) bool { return strings.HasPrefix(p, q+".") }) && exists(kept.Descriptor(), strings.Split(p, ".")) {
			continue
		}
		if !keep(kept, m.ProtoReflect(), strings.Split(p, ".")) {
			return m, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("invalid read_mask path: %s", p))
		}
	}
	return kept.Interface().(M), nil
}

func keep(to, from protoreflect.Message, path []string) bool {
	field := from.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	if field == nil || len(path) > 1 && (field.Message() == nil || field.IsMap()) {
		return false
	}
	switch {
	case len(path) > 1 && field.IsList():
		list, kept := from.Get(field).List(), to.Mutable(field).List()
		for i := range list.Len() {
			if kept.Len() <= i {
				kept.Append(kept.NewElement())
			}
			if !keep(kept.Get(i).Message(), list.Get(i).Message(), path[1:]) {
				return false
			}
		}
		return list.Len() > 0 || exists(field.Message(), path[1:])
	case !from.Has(field):
		return len(path) == 1 || exists(field.Message(), path[1:])
	case len(path) == 1:
		to.Set(field, from.Get(field))
		return true
	}
	return keep(to.Mutable(field).Message(), from.Get(field).Message(), path[1:])
}

func exists(m protoreflect.MessageDescriptor, path []string) bool {
	field := m.Fields().ByName(protoreflect.Name(path[0]))
	if field == nil || len(path) == 1 {
		return field != nil
	}
	return field.Message() != nil && exists(field.Message(), path[1:])
}
