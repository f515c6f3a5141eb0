#include "server/plan/control.h"

#include "common/arena.h"
#include "common/calendar.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/codec.h"

static const Plumb__V1__Item *
decode(const struct item *item, enum kind kind, struct arena *arena)
{
	if (!item_is_live(item) || item->kind != kind)
		return NULL;
	return (const Plumb__V1__Item *)codec_decode(item, arena);
}

bool
control_stated_setting(
    const ProtobufCMessage *message, struct arena *arena, struct control_rule_setting *out)
{
	const Plumb__V1__Item *item = (const Plumb__V1__Item *)message;
	const Plumb__V1__RuleSetting *setting;
	struct control_threshold *thresholds;

	if (item == NULL || item->body_case != PLUMB__V1__ITEM__BODY_RULE_SETTING)
		return false;
	setting = item->rule_setting;
	thresholds = arena_array(arena, setting->n_thresholds + 1, sizeof thresholds[0]);
	if (thresholds == NULL)
		return false;
	for (size_t i = 0; i < setting->n_thresholds; i++) {
		thresholds[i].name = setting->thresholds[i]->key;
		thresholds[i].value = setting->thresholds[i]->value;
	}
	out->rule = setting->rule;
	out->severity = (int)setting->severity;
	out->off = setting->off;
	out->thresholds = thresholds;
	out->thresholds_count = setting->n_thresholds;
	return true;
}

bool
control_rule_setting(const struct item *item, struct arena *arena, struct control_rule_setting *out)
{
	const Plumb__V1__Item *message = decode(item, KIND_RULE_SETTING, arena);

	return message != NULL && control_stated_setting(&message->base, arena, out);
}

bool
control_waiver(const struct item *item, struct arena *arena, struct control_waiver *out)
{
	const Plumb__V1__Item *message = decode(item, KIND_WAIVER, arena);

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_WAIVER)
		return false;
	out->finding = message->waiver->finding;
	out->reason = message->waiver->reason;
	out->who = message->waiver->who;
	out->until = item->finish;
	return true;
}
