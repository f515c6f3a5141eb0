// Plumbline from Go: gRPC, and code that protoc makes of the .proto files. See README.md.
//
//	plumbline measure [-at DATE] MEASURE VALUE   pushes a value that was measured
//	plumbline follow [-state FILE]               prints every change, and goes on where it stopped
//	plumbline check                              prints what the rules find; exits 1 if they find an error
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "plumbline.example/go/plumbv1"
)

var (
	server    = flag.String("server", orElse(os.Getenv("PLUMB_GRPC"), "localhost:7411"), "HOST:PORT")
	inClear   = flag.Bool("clear", false, "without TLS: on this machine only")
	ca        = flag.String("ca", os.Getenv("PLUMB_CA"), "who vouches for the server (PEM)")
	cert      = flag.String("cert", "", "our certificate (PEM), where the server asks for one")
	key       = flag.String("key", "", "its key (PEM)")
	workspace = flag.String("workspace", "main", "")
	at        = flag.String("at", "", "measure: a date or time; now")
	reason    = flag.String("reason", "", "measure: why")
	changeKey = flag.String("key-of-change", "", "measure: sent again with the same one, it counts once")
	state     = flag.String("state", "plumbline.revision", "follow: where the last revision is kept")
	until     = flag.Uint64("until", 0, "follow: stops after that revision")
)

// Messages by google.golang.org/protobuf, also under a gRPC from before it (Debian 12 has such a one).
type codec struct{}

func (codec) Name() string                              { return "proto" }
func (codec) Marshal(value interface{}) ([]byte, error) { return proto.Marshal(value.(proto.Message)) }
func (codec) Unmarshal(data []byte, value interface{}) error {
	return proto.Unmarshal(data, value.(proto.Message))
}

func init() { encoding.RegisterCodec(codec{}) }

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func connect() (*grpc.ClientConn, error) {
	// The daemon asks after a peer that says nothing; so do we, to notice that it is gone while we only listen.
	options := []grpc.DialOption{grpc.WithKeepaliveParams(
		keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second})}
	if *inClear {
		return grpc.Dial(*server, append(options, grpc.WithInsecure())...)
	}
	config := &tls.Config{}
	if *ca != "" {
		text, err := os.ReadFile(*ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: no certificate in it", *ca)
		}
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return grpc.Dial(*server, append(options, grpc.WithTransportCredentials(credentials.NewTLS(config)))...)
}

func background() context.Context {
	if token := os.Getenv("PLUMB_TOKEN"); token != "" {
		return metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
	}
	return context.Background()
}

func newKey() string {
	bytes := make([]byte, 16)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return hex.EncodeToString(bytes)
}

// What was refused for the moment is tried again: with the same key it counts once.
func apply(plan pb.PlanClient, request *pb.ApplyRequest) (*pb.ApplyReply, error) {
	for attempt := 0; ; attempt++ {
		ctx, cancel := context.WithTimeout(background(), 30*time.Second)
		reply, err := plan.Apply(ctx, request)
		cancel()
		if status.Code(err) != codes.Unavailable || attempt == 4 {
			return reply, err
		}
		time.Sleep(200 * time.Millisecond << attempt)
	}
}

func measure(connection *grpc.ClientConn, name, value string) error {
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return err
	}
	record := &pb.Record{About: "measure/" + name, At: *at,
		Body: &pb.Record_Measurement{Measurement: &pb.Measurement{Value: number}}}
	reply, err := apply(pb.NewPlanClient(connection), &pb.ApplyRequest{
		Workspace: *workspace,
		ChangeSet: &pb.ChangeSet{
			Changes:        []*pb.Change{{Change: &pb.Change_Add{Add: &pb.Add{Record: record}}}},
			Reason:         *reason,
			IdempotencyKey: orElse(*changeKey, newKey()),
		},
	})
	if err != nil {
		return err
	}
	before := ""
	if reply.Duplicate {
		before = " (was there already)"
	}
	fmt.Printf("revision %d: %s%s\n", reply.Revision, reply.Ids[0], before)
	return nil
}

func loadRevision() (uint64, error) {
	text, err := os.ReadFile(*state)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
}

// Whole or not at all: a file that is cut short would lose the place.
func saveRevision(revision uint64) error {
	file, err := os.Create(*state + ".new")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, revision)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(*state+".new", *state)
	}
	return err
}

func describe(change *pb.LoggedChange) string {
	var what []string
	for _, part := range change.ChangeSet.Changes {
		name := strings.TrimPrefix(fmt.Sprintf("%T", part.Change), "*plumbv1.Change_")
		what = append(what, strings.ToLower(name))
	}
	return fmt.Sprintf("revision %d by %s: %s", change.Revision, change.Author, strings.Join(what, ", "))
}

// Until the stream ends. seen moves on with what has arrived.
func watch(plan pb.PlanClient, seen *uint64) error {
	ctx, cancel := context.WithCancel(background())
	defer cancel()
	stream, err := plan.Watch(ctx, &pb.WatchRequest{Workspace: *workspace, FromRevision: *seen + 1})
	for err == nil {
		var reply *pb.WatchReply
		if reply, err = stream.Recv(); err != nil {
			break
		}
		if !reply.Heartbeat {
			fmt.Println(describe(reply.Change))
		}
		if reply.Revision > *seen {
			*seen = reply.Revision
			if err := saveRevision(*seen); err != nil {
				return err
			}
		}
		if *until > 0 && *seen >= *until {
			return nil
		}
	}
	return err
}

// Every change once, in order: after a lost connection from the one after the last that was seen.
func follow(connection *grpc.ClientConn) error {
	seen, err := loadRevision()
	if err != nil {
		return err
	}
	pause := 200 * time.Millisecond
	for {
		before := seen
		err := watch(pb.NewPlanClient(connection), &seen)
		if code := status.Code(err); err == nil || code != codes.Unavailable && code != codes.ResourceExhausted {
			return err
		}
		fmt.Fprintf(os.Stderr, "lost: %s; goes on after revision %d\n", status.Convert(err).Message(), seen)
		if seen > before {
			pause = 200 * time.Millisecond
		}
		time.Sleep(pause)
		if pause *= 2; pause > 10*time.Second {
			pause = 10 * time.Second
		}
	}
}

func check(connection *grpc.ClientConn) (bool, error) {
	stream, err := pb.NewInsightClient(connection).Check(background(), &pb.CheckRequest{At: &pb.At{Workspace: *workspace}})
	if err != nil {
		return false, err
	}
	bad := false
	for {
		reply, err := stream.Recv()
		if err == io.EOF {
			return bad, nil
		}
		if err != nil {
			return bad, err
		}
		for _, finding := range reply.Findings {
			fmt.Printf("%s %s: %s\n", strings.ToLower(finding.Severity.String()), finding.Rule, finding.Message)
		}
		if summary := reply.Summary; summary != nil {
			fmt.Printf("%d errors, %d warnings\n", summary.Errors, summary.Warnings)
			bad = summary.Errors > 0
		}
	}
}

func run(command string, words []string) (int, error) {
	connection, err := connect()
	if err != nil {
		return 2, err
	}
	defer connection.Close()
	switch {
	case command == "measure" && len(words) == 2:
		return 3, measure(connection, words[0], words[1])
	case command == "follow" && len(words) == 0:
		return 3, follow(connection)
	case command == "check" && len(words) == 0:
		bad, err := check(connection)
		if bad && err == nil {
			os.Exit(1)
		}
		return 3, err
	}
	return 2, errors.New("one of: measure MEASURE VALUE, follow, check")
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "one of: measure MEASURE VALUE, follow, check")
		os.Exit(2)
	}
	if err := flag.CommandLine.Parse(os.Args[2:]); err != nil {
		os.Exit(2)
	}
	if code, err := run(os.Args[1], flag.Args()); err != nil {
		if refused, ok := status.FromError(err); ok {
			fmt.Fprintf(os.Stderr, "%s: %s\n", refused.Code(), refused.Message())
		} else {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	}
}
