// frugal copies with little of rbt's CPU time, and among the settings that take
// little as fast as it can. README.md says more.
#define RBT_SCORE
#include "rbt.h"

// min_speed is the share of the best rate that a setting must reach.
static double min_speed(rbt_config *c) { return rbt_config_number(c, "min_speed", 0.5, 0, 1); }

// slack is by what share a setting may take more CPU time for a byte than the
// one that takes least.
static double slack(rbt_config *c) { return rbt_config_number(c, "slack", 0.05, 0, 10); }

rbt_info describe(rbt_config *config) {
	min_speed(config);
	slack(config);
	return (rbt_info){"frugal", "1.0.0"};
}

// bar is what settings must reach: what the best of them does, less what is
// allowed. All are logarithms of ratios to the leader's.
typedef struct {
	const rbt_ratio *ratios;
	uint32_t best, leader; // indices
	double allowed;
} bar;

// below is by how much a setting does not reach the bar.
static double below(const bar *b, uint32_t i) {
	double missing = b->ratios[b->best].log - b->allowed - b->ratios[i].log;
	return missing > 0 ? missing : 0;
}

static double hypotenuse(double x, double y) { return rbt_sqrt(x * x + y * y); }

// doubt is the standard error of how much more is below for a setting than for
// the leader. Where it is both, what the bar is cancels out.
static double doubt(const bar *b, uint32_t i) {
	bool own = below(b, i) > 0, leaders = below(b, b->leader) > 0;
	if (own && leaders)
		return b->ratios[i].error;
	if (own)
		return hypotenuse(b->ratios[i].error, b->ratios[b->best].error);
	return leaders ? b->ratios[b->best].error : 0;
}

// best is the highest of those that reach a bar; of all if there is none.
static uint32_t best(const rbt_ratio *ratios, uint32_t count, const bar *among) {
	uint32_t at = count;
	for (uint32_t i = 0; i < count; i++)
		if ((among == 0 || below(among, i) == 0) && (at == count || ratios[i].log > ratios[at].log))
			at = i;
	return at;
}

// mean is how many bytes the windows of e moved in what they took; 0 if that is
// not known.
static double mean(const rbt_evidence *e, double (*took)(const rbt_window *)) {
	double bytes = 0, sum = 0;
	for (uint32_t i = 0; i < e->windows.count; i++) {
		double t = took(&e->windows.at[i]);
		if (t > 0) {
			bytes += (double)e->windows.at[i].bytes;
			sum += t;
		}
	}
	double x = bytes / sum;
	return x > 0 && x - x == 0 ? x : 0;
}

// cpu_known says whether all candidates can be compared by their CPU time.
static bool cpu_known(const rbt_evidences *evidence) {
	for (uint32_t i = 0; i < evidence->count; i++)
		if (mean(&evidence->at[i], rbt_took_cpu) == 0)
			return false;
	return true;
}

static uint32_t leader_of(const rbt_score_request *r) {
	for (uint32_t i = 0; i < r->evidence.count; i++)
		if (r->evidence.at[i].id == r->leader)
			return i;
	return 0;
}

// steep is the power to which a score falls with what is below a bar: 10 % cost
// it half, and half of the bar costs nearly all.
static const double steep = 8;

// worth is a score as a multiple of the leader's, within what a score can be.
static double worth(double log) { return rbt_exp(log > 300 ? 300 : log < -300 ? -300 : log); }

void score(const rbt_score_request *r, rbt_scores *answer) {
	uint32_t n = r->evidence.count, leader = leader_of(r);
	if (n == 0)
		return;
	rbt_ratio *speed = rbt_compare(&r->evidence, r->leader, rbt_took_seconds);
	rbt_ratio *cpu = rbt_compare(&r->evidence, r->leader, rbt_took_cpu);
	if (!cpu_known(&r->evidence)) {
		rbt_log(RBT_WARN, rbt_text_of("the CPU time is not known: scores are by bytes per second alone"));
		cpu = rbt_get(n * sizeof *cpu); // all the same
	}
	bar fast = {speed, best(speed, n, 0), leader, -rbt_ln(min_speed(r->config))};
	bar cheap = {cpu, best(cpu, n, &fast), leader, rbt_ln(1 + slack(r->config))};
	double rate = mean(&r->evidence.at[leader], rbt_took_seconds);
	for (uint32_t i = 0; i < n; i++) {
		double less = below(&fast, i) - below(&fast, leader) + below(&cheap, i) - below(&cheap, leader);
		double value = (rate > 0 ? rate : 1) * worth(speed[i].log - steep * less);
		double error = hypotenuse(speed[i].error, steep * hypotenuse(doubt(&fast, i), doubt(&cheap, i)));
		rbt_add_tie(rbt_add_score(answer, r->evidence.at[i].id, value, value * error), worth(cpu[i].log));
	}
}
