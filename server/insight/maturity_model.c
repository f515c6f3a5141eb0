/* The default model: eight building blocks, five levels each. Where it comes from: docs/MATURITY.md. */
#include "server/insight/maturity.h"

/* Basics first: each leans on those before it. */
const struct maturity_block maturity_model[MATURITY_MODEL_BLOCKS] = {
    {"knowing-customers", "Knowing customers",
	"What we know of what customers expect, and from whom we know it.",
	{
	    "Opinions inside the house stand for customers; complaints are read one by one.",
	    "Customers are asked now and then; what they say lies with the team that asked.",
	    "Customers are asked at each step by one method, and their expectations are written "
	    "down by segment.",
	    "What they say, what they do and what staff hear are put together, and each team has "
	    "it at hand.",
	    "Expectations are known before they change; customers take part in finding them.",
	}},
    {"shared-aim", "A shared aim",
	"What we want customers to live through, and whether all levels mean the same by it.",
	{
	    "Everybody has a picture of their own of what customers should live through.",
	    "An aim is written down; few outside the team that wrote it could repeat it.",
	    "The aim is tied to the strategy, and objectives name the expectation that they "
	    "answer.",
	    "Each level can say what the aim asks of it, and what comes first in a pinch.",
	    "Customers helped to shape the aim, and decisions are made by it without being told.",
	}},
    {"answering-for-it", "Answering for it",
	"Who decides, who answers, and how the functions that meet the customer work as one.",
	{
	    "Whoever is nearest deals with it; between functions nobody does.",
	    "Somebody coordinates, without a say over resources.",
	    "Each step of the journey has an owner, and a standing meeting decides across "
	    "functions.",
	    "Needs between teams are asked for and answered by a day; budgets follow the journey.",
	    "Functions change their own priorities for the journey's sake, and say so before they "
	    "are asked.",
	}},
    {"measuring", "Measuring",
	"Whether numbers tell what customers live through and what it brings.",
	{
	    "Numbers count what we do, not what customers live through.",
	    "One score is taken for the whole; nobody can say what moves it.",
	    "Each step has a measure with a baseline and a target, and it is taken as often as was "
	    "said.",
	    "Measures of steps are tied to value for customer and organisation, and oppose each "
	    "other no more.",
	    "Numbers show early where an expectation will be missed, and work begins then.",
	}},
    {"people-enabled", "People who can",
	"Whether those who meet customers know how, may, and are helped to.",
	{
	    "People do their best by instinct; rules stand in the way.",
	    "There is training, for those in front.",
	    "Everybody knows what their work does for customers, and hiring and training look for "
	    "it.",
	    "People may put things right at once, and have the time and tools that it takes.",
	    "Rewards and careers go to those who serve customers across functions; leaders show it "
	    "first.",
	}},
    {"mending", "Mending what is wrong",
	"Whether what customers say leads to something, for them and for all.",
	{
	    "What goes wrong is put right when somebody insists.",
	    "Single customers get an answer; causes stay.",
	    "Each answer has a day, causes are collected, and the worst ones become initiatives.",
	    "Causes are removed across functions, and customers hear what came of what they said.",
	    "What went wrong once does not come back, elsewhere either; new things are tried for "
	    "it first.",
	}},
    {"designing", "Designing", "Whether experiences are made on purpose, with customers.",
	{
	    "Experiences come about from how we are organised.",
	    "Journeys are drawn, after the fact, inside the house.",
	    "The journey to be is designed, with emotion and value at each step, and changes are "
	    "tested with customers.",
	    "Customers shape the target experience, and front and backstage are designed together.",
	    "Designing is how everything begins here, products, rules and structure too.",
	}},
    {"daily-habit", "A daily habit", "Whether it holds when nobody watches.",
	{
	    "Customers are talked about when something burns.",
	    "Campaigns raise attention, for a while.",
	    "Customers are on the agenda of every review, and promises made to them are tracked.",
	    "Policies, rewards and structure support what customers should feel; where they do "
	    "not, it is known and decided.",
	    "What customers should feel decides, also when it costs; people tell the stories "
	    "themselves.",
	}},
};
