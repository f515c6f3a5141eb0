#include "client/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "client/bars.h"
#include "client/safe.h"
#include "common/json.h"
#include "common/parse.h"
#include "common/str.h"
#include "common/utf8.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN     20
#define WIDTH_MAX     10000
#define TEXT_MAX      (64u << 20)

static const char *const colour_codes[] = {
    [COLOUR_NONE] = "",
    [COLOUR_RED] = "\x1b[31m",
    [COLOUR_YELLOW] = "\x1b[33m",
    [COLOUR_GREEN] = "\x1b[32m",
    [COLOUR_BLUE] = "\x1b[34m",
    [COLOUR_DIM] = "\x1b[2m",
    [COLOUR_BOLD] = "\x1b[1m",
};

static const struct {
	const char *name;
	enum output_format format;
} formats[] = {
    {"table", OUTPUT_TABLE},
    {"json", OUTPUT_JSON},
    {"yaml", OUTPUT_YAML},
    {"csv", OUTPUT_CSV},
    {"name", OUTPUT_NAME},
    {"md", OUTPUT_MARKDOWN},
    {"html", OUTPUT_HTML},
};

bool
output_parse_format(const char *text, enum output_format *format)
{
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (strcmp(text, formats[i].name) == 0) {
			*format = formats[i].format;
			return true;
		}
	}
	return false;
}

/* COLUMNS wins: whoever sets it says how wide to print. Then the terminal's own, then 80. */
static int
find_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	if (columns && parse_u64(columns, WIDTH_MIN, WIDTH_MAX, &width))
		return (int)width;
	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
	return WIDTH_DEFAULT;
}

void
output_init(struct output *out, FILE *file)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	int fd;

	memset(out, 0, sizeof *out);
	out->file = file;
	out->format = OUTPUT_TABLE;
	/* a pager's stream has no descriptor: it is there only where standard output is a terminal */
	fd = fileno(file) < 0 ? STDOUT_FILENO : fileno(file);
	out->terminal = isatty(fd) != 0;
	out->width = find_width(fd);
	out->colour =
	    out->terminal && !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0;
}

/* ---- text */

void
output_coloured(struct output *out, enum output_colour colour, const char *text)
{
	if (out->colour && colour != COLOUR_NONE) {
		fputs(colour_codes[colour], out->file);
		output_text(out, text);
		fputs("\x1b[0m", out->file);
	} else {
		output_text(out, text);
	}
}

void
output_text(struct output *out, const char *text)
{
	struct str safe;

	str_init(&safe, TEXT_MAX);
	safe_text(&safe, text, true);
	fputs(safe.data, out->file);
	str_fini(&safe);
}

void
output_printf(struct output *out, const char *fmt, ...)
{
	char *formatted = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&formatted, fmt, ap) >= 0)
		output_text(out, formatted);
	va_end(ap);
	free(formatted);
}

/* How many bytes of text go on a line of so many columns: up to the last blank that fits, else what fits. */
static size_t
line_fit(const char *text, size_t columns)
{
	size_t len = strcspn(text, "\n");
	size_t fit = utf8_fit(text, columns);
	size_t cut;

	if (fit >= len)
		return len;
	for (cut = fit; cut > 0 && text[cut] != ' '; cut--)
		;
	if (cut > 0)
		return cut;
	if (fit > 0)
		return fit;
	/* not even one character: take it all the same, to get on */
	for (cut = 1; ((unsigned char)text[cut] & 0xc0) == 0x80; cut++)
		;
	return cut;
}

const char *
output_short_ref(const struct output *out, int columns, const char *ref, const char *kind)
{
	size_t len = strlen(kind);
	bool is_short = out->format == OUTPUT_TABLE && out->width < columns;

	return is_short && strncmp(ref, kind, len) == 0 && ref[len] == '/' ? ref + len + 1 : ref;
}

void
output_wrap_str(struct str *out, int width, const char *lead, const char *text)
{
	size_t indent = utf8_width(lead);
	size_t columns = (size_t)width > indent + 8 ? (size_t)width - indent : 8;
	struct str safe;
	const char *p;

	str_init(&safe, TEXT_MAX);
	safe_text(&safe, text, true);
	p = safe.data;
	str_add(out, lead);
	for (;;) {
		size_t len = line_fit(p, columns);
		size_t shown = len;

		while (shown > 0 && p[shown - 1] == ' ')
			shown--;
		str_add_len(out, p, shown);
		p += len;
		while (*p == ' ')
			p++;
		str_add_char(out, '\n');
		if (*p == '\n')
			p++;
		if (!*p)
			break;
		for (size_t i = 0; i < indent && *p != '\n'; i++)
			str_add_char(out, ' ');
	}
	str_fini(&safe);
}

void
output_wrap(struct output *out, const char *lead, const char *text)
{
	struct str wrapped;

	str_init(&wrapped, TEXT_MAX);
	output_wrap_str(&wrapped, out->width, lead, text);
	fputs(wrapped.data, out->file);
	str_fini(&wrapped);
}

void
output_beside(struct output *out, size_t used, size_t indent, const char *text)
{
	size_t width = (size_t)out->width;
	bool below = used + 2 + utf8_width(text) > width && used + 2 > width / 2;
	size_t at = below ? indent : used + 2;
	struct str wrapped, blanks;

	str_init(&wrapped, TEXT_MAX);
	str_init(&blanks, WIDTH_MAX + 1);
	for (size_t i = 0; i < at && i < WIDTH_MAX; i++)
		str_add_char(&blanks, ' ');
	output_wrap_str(&wrapped, out->width, blanks.data ? blanks.data : "", text);
	fputs(below ? "\n" : "", out->file);
	if (wrapped.len > at)
		fputs(wrapped.data + (below ? 0 : used), out->file);
	str_fini(&wrapped);
	str_fini(&blanks);
}

/* ---- messages */

void
output_message(struct output *out, const ProtobufCMessage *message)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	if (out->format == OUTPUT_YAML) {
		output_yaml(&text, message, 0);
	} else {
		json_print(message, out->lines ? 0 : 2, true, &text);
		str_add_char(&text, '\n');
	}
	fputs(text.data, out->file);
	str_fini(&text);
}

void
output_json_line(struct output *out, const ProtobufCMessage *message)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	json_print(message, 0, true, &text);
	str_add_char(&text, '\n');
	fputs(text.data, out->file);
	str_fini(&text);
}

void
output_list_begin(struct output *out)
{
	out->listed = 0;
	if (out->format == OUTPUT_JSON)
		fputs("[", out->file);
}

/* Moves every line but the first two columns in: under the "- " or in the array. */
static void
add_indented(FILE *file, const char *text, const char *first)
{
	fputs(first, file);
	for (; *text; text++) {
		fputc(*text, file);
		if (*text == '\n' && text[1])
			fputs("  ", file);
	}
}

void
output_list_add(struct output *out, const ProtobufCMessage *message)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	if (out->format == OUTPUT_YAML) {
		output_yaml(&text, message, 0);
		add_indented(out->file, text.data, "- ");
	} else if (out->lines) {
		json_print(message, 0, true, &text);
		fprintf(out->file, "%s%s", out->listed ? ", " : "", text.data);
	} else {
		json_print(message, 2, true, &text);
		add_indented(out->file, text.data, out->listed ? ",\n  " : "\n  ");
	}
	out->listed++;
	str_fini(&text);
}

void
output_list_end(struct output *out)
{
	if (out->format == OUTPUT_JSON)
		fputs(out->listed && !out->lines ? "\n]\n" : "]\n", out->file);
	else if (out->format == OUTPUT_YAML && !out->listed)
		fputs("[]\n", out->file);
}

/* ---- progress */

#define PROGRESS_AFTER_MS 1000
#define PROGRESS_EVERY_MS 200
#define PROGRESS_COLUMNS  20

struct progress {
	char what[64];
	int64_t begun_ms;
	int64_t shown_ms; /* 0 not yet */
};

/* The last that knows how far it is. */
static const struct progress *measured;

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct progress *
progress_new(const char *what)
{
	struct progress *progress;

	if (!isatty(STDERR_FILENO))
		return NULL;
	progress = calloc(1, sizeof *progress);
	if (!progress)
		return NULL;
	snprintf(progress->what, sizeof progress->what, "%s", what);
	progress->begun_ms = now_ms();
	return progress;
}

static void
show_part(const char *what, double part)
{
	struct str bar;

	str_init(&bar, 1000);
	bars_share(&bar, PROGRESS_COLUMNS, part, bars_ascii());
	fprintf(stderr, "\r%s %s %3.0f %%\x1b[K", what, bar.data, part > 1 ? 100 : part * 100);
	str_fini(&bar);
}

void
progress_update(struct progress *progress, double part)
{
	int64_t now;

	if (!progress)
		return;
	if (part >= 0)
		measured = progress;
	now = now_ms();
	if (now - progress->begun_ms < PROGRESS_AFTER_MS ||
	    now - progress->shown_ms < PROGRESS_EVERY_MS)
		return;
	progress->shown_ms = now;
	if (part >= 0)
		show_part(progress->what, part);
	else
		fprintf(stderr, "\r%s %.0f s\x1b[K", progress->what,
		    (double)(now - progress->begun_ms) / 1000);
}

bool
progress_is_shown(void)
{
	return measured != NULL;
}

void
progress_free(struct progress *progress)
{
	if (measured == progress)
		measured = NULL;
	if (progress && progress->shown_ms)
		fputs("\r\x1b[K", stderr);
	free(progress);
}
