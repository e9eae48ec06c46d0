/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of `avs-ctl doctor`: rows of check, state, text and remedy. */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <jansson.h>
#include <stdint.h>

enum finding_state { OK, NOTE, PROBLEM };

/* `remedy`: what to do about it, NULL for nothing. */
void finding(json_t *findings, enum finding_state state, const char *check, const char *remedy,
             const char *format, ...) __attribute__((format(printf, 5, 6)));

/* doctor_machine.c: this machine; the rights of the daemon, by its process number. */
void doctor_machine(json_t *findings);
void doctor_rights(json_t *findings, int64_t pid);

#endif
