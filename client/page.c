#include "client/page.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/safe.h"
#include "client/svg.h"

#define PAGE_MAX  (256u << 20)
#define BAR_WIDTH 80.0

/*
 * Dark on white, one blue beside greys that differ in lightness: no meaning hangs on a colour. Shares are drawn, since printers leave
 * out backgrounds.
 */
static const char style[] =
    "@page{size:A4;margin:15mm 14mm}"
    "*{box-sizing:border-box}"
    "html{font:15px/1.5 \"DejaVu "
    "Sans\",Verdana,Arial,Helvetica,sans-serif;color:#1a1a1a;background:#fff}"
    "body{max-width:60rem;margin:0 auto;padding:2rem 1.5rem}"
    "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem}"
    "h2{font-size:1.35rem;line-height:1.25;margin:2.6rem 0 "
    ".8rem;padding-bottom:.3rem;border-bottom:2px solid #2b5a8a}"
    "h3{font-size:1.1rem;margin:1.8rem 0 .5rem}"
    "h4{font-size:1rem;margin:1.2rem 0 .4rem;color:#444}"
    "h1,h2,h3,h4,td,th,li,p,dd{overflow-wrap:anywhere}"
    "p{margin:.4rem 0;max-width:48rem}"
    ".subtitle,footer{color:#555}"
    "footer{margin-top:3rem;border-top:1px solid #ccc;padding-top:.6rem;font-size:.85rem}"
    ".missing{border-left:4px solid #767676;padding:.4rem .8rem;background:#f4f4f4}"
    "ul{margin:.4rem 0;padding-left:1.3rem}"
    "dl{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.2rem 0}"
    "dl div{flex:1 1 9rem;border:1px solid #ccc;border-radius:4px;padding:.6rem .8rem}"
    "dt{color:#555;font-size:.85rem}"
    "dd{margin:0;font-size:1.15rem;font-weight:bold}"
    "table{border-collapse:collapse;width:100%;margin:.7rem 0 1rem;font-size:.9rem}"
    "th{text-align:left;color:#444;border-bottom:2px solid #767676;padding:.3rem "
    ".5rem;vertical-align:bottom}"
    "td{border-bottom:1px solid #ddd;padding:.35rem .5rem;vertical-align:top}"
    "th.number,td.number{text-align:right;overflow-wrap:normal;font-variant-numeric:tabular-nums}"
    "figure{margin:.6rem 0}"
    "figure svg{display:block;max-width:100%;height:auto}"
    ".share{display:block;margin-left:auto}"
    "@media(max-width:40rem){table{display:block;overflow-x:auto}}"
    "@media print{html{font-size:11.5px}body{max-width:none;padding:0}"
    "h2,h3,h4,h3+p,h4+p{break-after:avoid}tr,figure,dl,li,.missing{break-inside:avoid}"
    "thead{display:table-header-group}.apart{break-before:page}.apart h2{margin-top:0}}";

/* ---- text */

/* U+FFFE and U+FFFF are no characters of HTML; safe_text() has replaced those of control. */
void
page_escape_html(struct str *out, const char *text)
{
	struct str safe;

	str_init(&safe, PAGE_MAX);
	safe_text(&safe, text, false);
	for (const char *p = str_ok(&safe) ? safe.data : ""; *p; p++) {
		if (*p == '&')
			str_add(out, "&amp;");
		else if (*p == '<')
			str_add(out, "&lt;");
		else if (*p == '>')
			str_add(out, "&gt;");
		else if (*p == '"')
			str_add(out, "&quot;");
		else if (strncmp(p, "\xef\xbf\xbe", 3) == 0 || strncmp(p, "\xef\xbf\xbf", 3) == 0)
			p += 2;
		else
			str_add_char(out, *p);
	}
	out->failed |= !str_ok(&safe);
	str_fini(&safe);
}

/* A line that begins like a list or a heading is none: what could begin one is escaped too [CommonMark 0.31, 2.4]. */
void
page_escape_md(struct str *out, const char *text)
{
	struct str safe;
	const char *p;

	str_init(&safe, PAGE_MAX);
	safe_text(&safe, text, false);
	p = str_ok(&safe) ? safe.data : "";
	while (*p == ' ')
		p++;
	if (strchr("-+=", *p) && *p)
		str_add_char(out, '\\');
	for (const char *digit = p; isdigit((unsigned char)*digit); digit++) {
		if (digit[1] != '.' && digit[1] != ')')
			continue;
		str_add_len(out, p, (size_t)(digit + 1 - p));
		str_add_char(out, '\\');
		p = digit + 1;
		break;
	}
	for (; *p; p++) {
		if (strchr("\\`*_[]<>#|~&$!", *p))
			str_add_char(out, '\\');
		str_add_char(out, *p);
	}
	out->failed |= !str_ok(&safe);
	str_fini(&safe);
}

static void
add_text(struct page *page, const char *text)
{
	if (page->html)
		page_escape_html(&page->out, text);
	else
		page_escape_md(&page->out, text);
}

/* ---- blocks */

static void
add_element(struct page *page, const char *open, const char *text, const char *close)
{
	str_add(&page->out, open);
	add_text(page, text);
	str_add(&page->out, close);
}

/* What is open ends with what comes behind it. */
static void
close_block(struct page *page)
{
	if (page->in_list)
		str_add(&page->out, page->html ? "</ul>\n" : "\n");
	if (page->in_facts)
		str_add(&page->out, page->html ? "</dl>\n" : "\n");
	if (page->columns > 0)
		str_add(&page->out, page->html ? "</tbody></table>\n" : "\n");
	page->in_list = page->in_facts = false;
	page->columns = page->column = 0;
}

void
page_begin(struct page *page, bool html, const char *title, const char *subtitle)
{
	*page = (struct page){.html = html};
	str_init(&page->out, PAGE_MAX);
	if (!html) {
		add_element(page, "# ", title, "\n\n");
		add_element(page, "", subtitle, "\n\n");
		return;
	}
	str_add(&page->out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
	add_element(page, "<title>", title, "</title>\n");
	str_addf(&page->out, "<style>%s%s</style>\n</head>\n<body>\n", style, svg_style());
	add_element(page, "<header>\n<h1>", title, "</h1>\n");
	add_element(page, "<p class=\"subtitle\">", subtitle, "</p>\n</header>\n<main>\n");
}

bool
page_end(struct page *page, const char *foot)
{
	close_block(page);
	if (page->html) {
		if (page->sections > 0)
			str_add(&page->out, "</section>\n");
		add_element(
		    page, "</main>\n<footer><p>", foot, "</p></footer>\n</body>\n</html>\n");
	} else {
		add_element(page, "---\n\n", foot, "\n");
	}
	return str_ok(&page->out);
}

void
page_fini(struct page *page)
{
	str_fini(&page->out);
}

void
page_section(struct page *page, const char *title, bool apart)
{
	close_block(page);
	page->sections++;
	if (!page->html) {
		add_element(page, "## ", title, "\n\n");
		return;
	}
	str_addf(&page->out, "%s<section id=\"section-%u\"%s>\n",
	    page->sections > 1 ? "</section>\n" : "", page->sections,
	    apart ? " class=\"apart\"" : "");
	add_element(page, "<h2>", title, "</h2>\n");
}

void
page_heading(struct page *page, unsigned level, const char *title)
{
	close_block(page);
	if (!page->html) {
		add_element(page, level == 3 ? "### " : "#### ", title, "\n\n");
		return;
	}
	add_element(page, level == 3 ? "<h3>" : "<h4>", title, level == 3 ? "</h3>\n" : "</h4>\n");
}

void
page_text(struct page *page, const char *text)
{
	close_block(page);
	add_element(page, page->html ? "<p>" : "", text, page->html ? "</p>\n" : "\n\n");
}

void
page_missing(struct page *page, const char *text)
{
	close_block(page);
	add_element(page, page->html ? "<p class=\"missing\">" : "> ", text,
	    page->html ? "</p>\n" : "\n\n");
}

void
page_point(struct page *page, const char *text)
{
	if (!page->in_list) {
		close_block(page);
		str_add(&page->out, page->html ? "<ul>\n" : "");
		page->in_list = true;
	}
	add_element(page, page->html ? "<li>" : "- ", text, page->html ? "</li>\n" : "\n");
}

void
page_fact(struct page *page, const char *name, const char *value)
{
	if (!page->in_facts) {
		close_block(page);
		str_add(&page->out, page->html ? "<dl>\n" : "");
		page->in_facts = true;
	}
	add_element(page, page->html ? "<div><dt>" : "- ", name, page->html ? "</dt>" : ": ");
	add_element(page, page->html ? "<dd>" : "", value, page->html ? "</dd></div>\n" : "\n");
}

/* ---- tables */

void
page_table(struct page *page, const char *const *titles, size_t count)
{
	close_block(page);
	page->columns = count < PAGE_COLUMNS ? count : PAGE_COLUMNS;
	str_add(&page->out, page->html ? "<table>\n<thead><tr>" : "|");
	for (size_t i = 0; i < page->columns; i++) {
		bool right = titles[i][0] == '>';

		page->right[i] = right;
		if (page->html)
			str_addf(&page->out, "<th%s>", right ? " class=\"number\"" : "");
		add_element(
		    page, page->html ? "" : " ", titles[i] + right, page->html ? "</th>" : " |");
	}
	str_add(&page->out, page->html ? "</tr></thead>\n<tbody>\n" : "\n|");
	for (size_t i = 0; i < page->columns && !page->html; i++)
		str_add(&page->out, page->right[i] ? "--:|" : "---|");
	str_add(&page->out, page->html ? "" : "\n");
}

static void
begin_cell(struct page *page)
{
	if (page->column == 0)
		str_add(&page->out, page->html ? "<tr>" : "|");
	if (page->html)
		str_add(&page->out, page->right[page->column] ? "<td class=\"number\">" : "<td>");
	else
		str_add_char(&page->out, ' ');
}

static void
end_cell(struct page *page)
{
	str_add(&page->out, page->html ? "</td>" : " |");
	if (++page->column < page->columns)
		return;
	str_add(&page->out, page->html ? "</tr>\n" : "\n");
	page->column = 0;
}

void
page_cell(struct page *page, const char *text)
{
	begin_cell(page);
	add_text(page, text);
	end_cell(page);
}

void
page_share(struct page *page, double share)
{
	double width = share < 0 ? 0 : share > 1 ? BAR_WIDTH : share * BAR_WIDTH;
	char text[32] = "?";

	if (!isnan(share))
		snprintf(text, sizeof text, share > 0 && share < 0.005 ? "< 1 %%" : "%.0f %%",
		    share * 100);
	begin_cell(page);
	add_text(page, text);
	if (page->html && !isnan(share))
		str_addf(&page->out,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"share\" width=\"%d\" "
		    "height=\"8\" viewBox=\"0 0 %d 8\" aria-hidden=\"true\">"
		    "<rect x=\"0\" y=\"0\" width=\"%d\" height=\"8\" fill=\"#e6eef6\"/>"
		    "<rect x=\"0\" y=\"0\" width=\"%ld\" height=\"8\" fill=\"#2b5a8a\"/></svg>",
		    (int)BAR_WIDTH, (int)BAR_WIDTH, (int)BAR_WIDTH, lround(width));
	end_cell(page);
}

void
page_picture(struct page *page, const struct svg *svg)
{
	page->pictures++;
	close_block(page);
	if (!page->html)
		return;
	str_add(&page->out, "<figure>\n");
	str_add_len(&page->out, svg->out.data, svg->out.len);
	str_add(&page->out, "</figure>\n");
}
