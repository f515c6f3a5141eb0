// grpc-peer FILE: a minimal asynchronous server of gRPC's C++ library that answers every unary call with the bytes of FILE.
//
// The generic service, so that it decodes nothing and encodes nothing: it is as fast as that library gets. One completion
// queue and one thread, as the daemon has one. Prints "grpc-peer ready PORT".
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace {

grpc::AsyncGenericService service;
grpc::ServerCompletionQueue *queue;
grpc::ByteBuffer reply;

class Call {
public:
	Call() : stream_(&context_) {
		service.RequestCall(&context_, &stream_, queue, queue, this);
	}
	void go_on(bool ok) {
		if (!ok || state_ == State::done) {
			delete this;
			return;
		}
		switch (state_) {
		case State::begun:
			new Call;
			state_ = State::reading;
			stream_.Read(&request_, this);
			break;
		default:
			state_ = State::done;
			stream_.WriteAndFinish(reply, grpc::WriteOptions(), grpc::Status::OK, this);
			break;
		}
	}

private:
	enum class State { begun, reading, done };
	grpc::GenericServerContext context_;
	grpc::GenericServerAsyncReaderWriter stream_;
	grpc::ByteBuffer request_;
	State state_ = State::begun;
};

}  // namespace

int main(int argc, char **argv) {
	if (argc != 2) {
		fprintf(stderr, "usage: grpc-peer FILE\n");
		return 2;
	}
	std::ifstream file(argv[1], std::ios::binary);
	std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
	grpc::Slice slice(bytes);
	grpc::ServerBuilder builder;
	int port = 0;
	void *tag;
	bool ok;

	reply = grpc::ByteBuffer(&slice, 1);
	builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
	builder.RegisterAsyncGenericService(&service);
	auto completion = builder.AddCompletionQueue();
	queue = completion.get();
	auto server = builder.BuildAndStart();
	if (server == nullptr)
		return 1;
	for (int i = 0; i < 200; i++)
		new Call;
	printf("grpc-peer ready %d\n", port);
	fflush(stdout);
	while (completion->Next(&tag, &ok))
		static_cast<Call *>(tag)->go_on(ok);
	return 0;
}
