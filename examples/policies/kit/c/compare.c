// Comparing candidates, as the built-in policy does: policy/builtin/compare.go
// says why. And the three functions that it takes.
#include "rbt.h"

double rbt_took_seconds(const rbt_window *w) { return w->seconds; }

double rbt_took_cpu(const rbt_window *w) { return rbt_lacks(w, "cpu_secs") ? 0 : w->cpu_secs; }

static const double PRIOR_NOISE = 0.08;
static const double PRIOR_WINDOWS = 4;
static const double ONE_SIDED = 0.75;
static const double SHARED = 1.15;
static const double UNPAIRED = 0.01;
enum { REACH = 4 };

// measured is what a window of a candidate is compared by.
typedef struct {
	uint32_t of; // an index of the evidence
	int64_t seq;
	rbt_text format; // of copy_format; empty where it has none
	double bytes, rows, took;
} measured;

typedef struct {
	const measured **at;
	uint32_t count;
} measures;

// pair says that one window of candidate a was log above its neighbours of
// candidate b.
typedef struct {
	uint32_t a, b;
	double log, weight;
} pair;

typedef struct {
	pair *at;
	uint32_t count;
} pairs;

static void add(pairs *list, pair p) { list->at[list->count++] = p; }

// sort is Shell's, by seq.
static void sort(measures *list) {
	for (uint32_t gap = 301; gap > 0; gap = gap * 3 / 7)
		for (uint32_t i = gap; i < list->count; i++) {
			const measured *m = list->at[i];
			uint32_t j = i;
			for (; j >= gap && list->at[j - gap]->seq > m->seq; j -= gap)
				list->at[j] = list->at[j - gap];
			list->at[j] = m;
		}
}

// in_turn lists all windows with a rate, in the order in which they ran, and adds
// them up in total.
static measures in_turn(const rbt_evidences *evidence, double (*took)(const rbt_window *), measured *total) {
	uint32_t windows = 0;
	for (uint32_t i = 0; i < evidence->count; i++)
		windows += evidence->at[i].windows.count;
	measures ran = {rbt_get(windows * sizeof *ran.at), 0};
	for (uint32_t i = 0; i < evidence->count; i++) {
		const rbt_evidence *e = &evidence->at[i];
		const rbt_value *format = rbt_value_of(&e->setting, "copy_format");
		if (format != 0)
			total[i].format = format->name;
		measured *list = rbt_get(e->windows.count * sizeof *list);
		for (uint32_t j = 0; j < e->windows.count; j++) {
			const rbt_window *w = &e->windows.at[j];
			measured m = {i, w->seq, total[i].format, (double)w->bytes, (double)w->rows, took(w)};
			double rate = m.bytes / m.took;
			if (!(m.took > 0 && rate > 0 && rate - rate == 0))
				continue;
			list[j] = m;
			ran.at[ran.count++] = &list[j];
			total[i].bytes += m.bytes;
			total[i].rows += m.rows;
			total[i].took += m.took;
		}
	}
	sort(&ran);
	return ran;
}

static bool normal(double x) { return x > 1e-300 && x < 1e300; }

// over is the log of what m is worth over other: of bytes, but of rows between
// two formats, which need a different number of bytes for a row.
static double over(const measured *m, const measured *other) {
	double work = m->bytes / other->bytes, took = m->took / other->took;
	if (m->rows > 0 && other->rows > 0 && !rbt_same(m->format, other->format))
		work = m->rows / other->rows;
	if (normal(work) && normal(took) && normal(work / took))
		return rbt_ln(work / took);
	return rbt_ln(work) - rbt_ln(took);
}

// challenges says whether the window at a was a challenge to the one at b: they
// are neighbours, and b is of the leader, or else of an older candidate.
static bool challenges(const measures *ran, uint32_t a, uint32_t b, const rbt_evidences *evidence, uint32_t leader) {
	if (b >= ran->count)
		return false;
	int64_t apart = ran->at[a]->seq - ran->at[b]->seq;
	uint32_t x = ran->at[a]->of, y = ran->at[b]->of;
	return apart >= -REACH && apart <= REACH && x != y && x != leader &&
	       (y == leader || evidence->at[y].id < evidence->at[x].id);
}

// neighbours leaves room for a pair of each candidate.
static pairs neighbours(const measures *ran, const rbt_evidences *evidence, uint32_t leader) {
	pairs list = {rbt_get((2 * ran->count + evidence->count) * sizeof *list.at), 0};
	for (uint32_t i = 0; i < ran->count; i++) {
		const measured *w = ran->at[i];
		const measured *before = i > 0 && challenges(ran, i, i - 1, evidence, leader) ? ran->at[i - 1] : 0;
		const measured *after = challenges(ran, i, i + 1, evidence, leader) ? ran->at[i + 1] : 0;
		if (before != 0 && after != 0 && before->of == after->of) {
			add(&list, (pair){w->of, after->of, (over(w, before) + over(w, after)) / 2, 1});
			continue;
		}
		if (before != 0)
			add(&list, (pair){w->of, before->of, over(w, before), ONE_SIDED});
		if (after != 0)
			add(&list, (pair){w->of, after->of, over(w, after), ONE_SIDED});
	}
	return list;
}

// eliminate turns the lower half of the n × n matrix m, which is symmetric and
// positive definite, into pivots on the diagonal, and does to right and to the
// lower half of the unit matrix, unit, what that takes.
static void eliminate(double *m, double *unit, double *right, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) {
		unit[i * n + i] = 1;
		for (uint32_t j = i + 1; j < n; j++) {
			double *row = m + j * n, factor = row[i] / m[i * n + i];
			if (factor == 0)
				continue;
			for (uint32_t k = i + 1; k <= j; k++)
				row[k] -= factor * m[k * n + i];
			for (uint32_t k = 0; k <= i; k++)
				unit[j * n + k] -= factor * unit[i * n + k];
			right[j] -= factor * right[i];
		}
	}
}

// solve finds the logs that agree best with all pairs, by least squares, where
// the leader's is 0. The error of each is that for pairs whose error is 1.
static void solve(const pairs *list, rbt_ratio *out, uint32_t n, uint32_t leader) {
	double *m = rbt_get(n * n * sizeof *m), *unit = rbt_get(n * n * sizeof *unit), *right = rbt_get(n * sizeof *right);
	for (uint32_t i = 0; i < list->count; i++) {
		const pair *p = &list->at[i];
		m[p->a * n + p->a] += p->weight;
		m[p->b * n + p->b] += p->weight;
		m[p->a * n + p->b] -= p->weight;
		m[p->b * n + p->a] -= p->weight;
		right[p->a] += p->weight * p->log;
		right[p->b] -= p->weight * p->log;
	}
	for (uint32_t i = 0; i < n; i++)
		m[leader * n + i] = m[i * n + leader] = 0;
	m[leader * n + leader] = 1;
	right[leader] = 0;
	eliminate(m, unit, right, n);
	for (uint32_t i = 0; i < n; i++) {
		double log = 0, variance = 0;
		for (uint32_t k = i; k < n; k++) {
			double u = unit[k * n + i], x = u / m[k * n + k];
			variance += u * x;
			log += right[k] * x;
		}
		out[i] = (rbt_ratio){log, i == leader ? 0 : rbt_sqrt(variance)};
	}
}

// noise is the standard deviation of a pair of weight 1: what pairs differ from
// the ratios that they led to, and what is believed before any was seen.
static double noise(const pairs *list, const rbt_ratio *ratios, uint32_t n) {
	double sum = PRIOR_WINDOWS * PRIOR_NOISE * PRIOR_NOISE, freedom = PRIOR_WINDOWS - (double)(n - 1);
	for (uint32_t i = 0; i < list->count; i++) {
		const pair *p = &list->at[i];
		if (p->weight == UNPAIRED)
			continue;
		double off = p->log - (ratios[p->a].log - ratios[p->b].log);
		sum += p->weight * off * off;
		freedom++;
	}
	return rbt_sqrt(sum / (freedom > PRIOR_WINDOWS ? freedom : PRIOR_WINDOWS));
}

rbt_ratio *rbt_compare(const rbt_evidences *evidence, int64_t leader, double (*took)(const rbt_window *)) {
	uint32_t n = evidence->count, at = 0;
	rbt_ratio *out = rbt_get(n * sizeof *out);
	if (n == 0)
		return out;
	for (uint32_t i = 0; i < n; i++)
		if (evidence->at[i].id == leader)
			at = i;
	measured *total = rbt_get(n * sizeof *total);
	measures ran = in_turn(evidence, took, total);
	pairs list = neighbours(&ran, evidence, at);
	for (uint32_t i = 0; i < n; i++) { // as if they had run side by side
		bool both = total[i].bytes > 0 && total[at].bytes > 0;
		if (i != at)
			add(&list, (pair){i, at, both ? over(&total[i], &total[at]) : 0, UNPAIRED});
	}
	solve(&list, out, n, at);
	double deviation = SHARED * noise(&list, out, n);
	for (uint32_t i = 0; i < n; i++)
		out[i].error *= deviation;
	return out;
}

// rbt_ln brings x to m × 2^k with an m about 1, whose logarithm is a series of
// (m-1)/(m+1).
double rbt_ln(double x) {
	uint64_t bits;
	if (!(x > 0))
		return x == 0 ? -__builtin_inf() : __builtin_nan("");
	if (x - x != 0)
		return x;
	int32_t k = 0;
	if (x < 0x1p-1022) {
		x *= 0x1p54;
		k = -54;
	}
	__builtin_memcpy(&bits, &x, 8);
	k += (int32_t)(bits >> 52) - 1023;
	bits = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1023 << 52;
	double m;
	__builtin_memcpy(&m, &bits, 8);
	if (m > 1.4142135623730951) {
		m /= 2;
		k++;
	}
	double s = (m - 1) / (m + 1), square = s * s, sum = 0;
	for (int i = 19; i >= 3; i -= 2) // the next term is below a fourth of the last bit
		sum = (sum + 1.0 / i) * square;
	return k * 6.93147180369123816490e-01 + (2 * s * sum + k * 1.90821492927058770002e-10 + 2 * s);
}

// rbt_exp is a series of what is left of x without a whole number of ln 2.
double rbt_exp(double x) {
	if (x != x)
		return x;
	if (x > 709.782712893384)
		return __builtin_inf();
	if (x < -745.2)
		return 0;
	int32_t k = (int32_t)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
	double r = x - k * 6.93147180369123816490e-01 - k * 1.90821492927058770002e-10, sum = 1;
	for (int i = 14; i >= 1; i--)
		sum = 1 + sum * r / i;
	for (; k < -1000; k += 500) // a power of 2 below the smallest normal number
		sum *= 0x1p-500;
	if (k == 1024) {
		sum *= 2;
		k--;
	}
	uint64_t bits = (uint64_t)(k + 1023) << 52;
	double power;
	__builtin_memcpy(&power, &bits, 8);
	return sum * power;
}

double rbt_sqrt(double x) { return __builtin_sqrt(x); }
