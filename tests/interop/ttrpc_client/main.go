// A stock ttrpc client: Debian's containerd/ttrpc 1.1, unchanged. It makes unary calls with raw protobuf payloads and prints, per
// call, the gRPC status code and the reply's bytes in hex.
//
//	client ADDRESS AS CALL…     CALL is SERVICE/METHOD:HEX[:TIMEOUT_MS], or "+N" to make the next call N times at once
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/status"
)

// raw is a message that is its own encoding.
type raw struct{ data []byte }

func (m *raw) Reset()                   { m.data = nil }
func (m *raw) String() string           { return hex.EncodeToString(m.data) }
func (m *raw) ProtoMessage()            {}
func (m *raw) Marshal() ([]byte, error) { return m.data, nil }
func (m *raw) Unmarshal(p []byte) error {
	m.data = append([]byte(nil), p...)
	return nil
}

func call(client *ttrpc.Client, as, what string) string {
	parts := strings.Split(what, ":")
	names := strings.SplitN(parts[0], "/", 2)
	payload, err := hex.DecodeString(parts[1])
	if err != nil {
		return "bad hex"
	}
	ctx := context.Background()
	if as != "" {
		ctx = ttrpc.WithMetadata(ctx, ttrpc.MD{"plumb-as": []string{as}, "other": []string{"ignored"}})
	}
	if len(parts) > 2 {
		ms, _ := strconv.Atoi(parts[2])
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
		defer cancel()
	}
	reply := &raw{}
	if err := client.Call(ctx, names[0], names[1], &raw{payload}, reply); err != nil {
		s, ok := status.FromError(err)
		if !ok {
			return "error " + err.Error()
		}
		return fmt.Sprintf("%d %d %s", s.Code(), len(s.Proto().GetDetails()), s.Message())
	}
	return "0 " + reply.String()
}

func main() {
	parts := strings.SplitN(os.Args[1], ":", 2)
	conn, err := net.Dial(parts[0], parts[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	client := ttrpc.NewClient(conn)
	defer client.Close()
	times := 1
	for _, arg := range os.Args[3:] {
		if strings.HasPrefix(arg, "+") {
			times, _ = strconv.Atoi(arg[1:])
			continue
		}
		results := make([]string, times)
		var group sync.WaitGroup
		for i := range results {
			group.Add(1)
			go func(i int) {
				defer group.Done()
				results[i] = call(client, os.Args[2], arg)
			}(i)
		}
		group.Wait()
		for _, result := range results {
			fmt.Println(result)
		}
		times = 1
	}
}
