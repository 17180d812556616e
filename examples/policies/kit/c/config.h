// What a config is: for the kit's own use.
#ifndef RBT_CONFIG_H
#define RBT_CONFIG_H

#include "rbt.h"

// rbt_given is one setting as the pipeline file has it.
typedef struct {
	rbt_text name, json;
} rbt_given;

struct rbt_config {
	struct {
		rbt_given *at;
		uint32_t count;
	} given;
	rbt_texts asked; // the names that the policy has asked for
	rbt_error error; // the first
};

// rbt_config_close refuses what the policy has not asked for.
void rbt_config_close(rbt_config *c);

#endif
