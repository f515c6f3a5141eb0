/*
 * Server reflection: which services are here and how their messages are made (grpc/grpc, doc/server-reflection.md).
 *
 * The messages of v1 and v1alpha are the same on the wire, so one handler serves both.
 */
#include <string.h>

#include "common/pb.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "server/rpc/descriptors.h"
#include "server/rpc/handlers.h"
#include "server/rpc/rpc.h"

#define FILES_MAX    64u
#define SERVICES_MAX 64u

typedef Grpc__Reflection__V1__ServerReflectionRequest request_t;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_t;

static void
put_error(response_t *response, struct arena *arena, enum err_code code, const char *message)
{
	Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(arena, sizeof *error);

	if (error == NULL)
		return;
	grpc__reflection__v1__error_response__init(error);
	error->error_code = (int32_t)code;
	error->error_message = pb_str(message);
	response->message_response_case =
	    GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
	response->error_response = error;
}

static void
put_files(response_t *response, struct arena *arena, const struct descriptor_file *file)
{
	const struct descriptor_file *all[FILES_MAX];
	Grpc__Reflection__V1__FileDescriptorResponse *files = arena_alloc(arena, sizeof *files);
	size_t count;

	if (file == NULL) {
		put_error(response, arena, ERR_NOT_FOUND, "there is no such file or symbol here");
		return;
	}
	count = descriptor_file_all(file, all, FILES_MAX);
	if (files == NULL)
		return;
	grpc__reflection__v1__file_descriptor_response__init(files);
	files->file_descriptor_proto = arena_array(arena, count, sizeof(ProtobufCBinaryData));
	if (files->file_descriptor_proto == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		size_t len;
		const uint8_t *bytes = descriptor_file_bytes(all[i], &len);

		files->file_descriptor_proto[i] =
		    (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)bytes};
	}
	files->n_file_descriptor_proto = count;
	response->message_response_case =
	    GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
	response->file_descriptor_response = files;
}

/* Only what can be called here: the description has services of others, too. */
static bool
is_served(const char *service)
{
	bool known = false;

	(void)rpc_find(service, strlen(service), "", 0, &known);
	return known;
}

static void
put_services(response_t *response, struct arena *arena)
{
	Grpc__Reflection__V1__ListServiceResponse *list = arena_alloc(arena, sizeof *list);
	const char *name;

	if (list == NULL)
		return;
	grpc__reflection__v1__list_service_response__init(list);
	list->service = arena_array(arena, SERVICES_MAX, sizeof list->service[0]);
	for (size_t i = 0; (name = descriptors_service(i)) != NULL && list->service != NULL &&
			   list->n_service < SERVICES_MAX;
	     i++) {
		Grpc__Reflection__V1__ServiceResponse *service =
		    arena_alloc(arena, sizeof *service);

		if (!is_served(name))
			continue;
		if (service == NULL)
			return;
		grpc__reflection__v1__service_response__init(service);
		service->name = arena_strdup(arena, name);
		if (service->name == NULL)
			return;
		list->service[list->n_service++] = service;
	}
	response->message_response_case =
	    GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
	response->list_services_response = list;
}

static void
put_numbers(response_t *response, struct arena *arena, char *type)
{
	Grpc__Reflection__V1__ExtensionNumberResponse *numbers;

	if (!descriptors_message(type)) {
		put_error(response, arena, ERR_NOT_FOUND, "there is no such message type here");
		return;
	}
	numbers = arena_alloc(arena, sizeof *numbers);
	if (numbers == NULL)
		return;
	grpc__reflection__v1__extension_number_response__init(numbers);
	numbers->base_type_name = type;
	response->message_response_case =
	    GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
	response->all_extension_numbers_response = numbers;
}

static void
on_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	const request_t *request = (const request_t *)message;
	struct arena *arena = call->message_arena;
	response_t response;

	grpc__reflection__v1__server_reflection_response__init(&response);
	response.valid_host = request->host;
	response.original_request = (request_t *)(uintptr_t)request;
	switch (request->message_request_case) {
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
		put_files(&response, arena, descriptors_file(request->file_by_filename));
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
		put_files(&response, arena, descriptors_symbol(request->file_containing_symbol));
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
		put_numbers(&response, arena, request->all_extension_numbers_of_type);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
		put_services(&response, arena);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
		put_error(&response, arena, ERR_NOT_FOUND, "there are no extensions here");
		break;
	default:
		put_error(&response, arena, ERR_INVALID, "the request asks for nothing");
		break;
	}
	rpc_send(call, &response.base);
}

void
handle_reflection_info(struct rpc_call *call, const ProtobufCMessage *message)
{
	(void)message;
	call->on_message = on_message;
	call->on_half_close = rpc_finish;
}
