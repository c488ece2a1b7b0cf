/* SPDX-License-Identifier: MIT */
/* sysctl_view.h - see sysctl_view.c. */
#ifndef KERNEL_SYS_SYSCTL_VIEW_H
#define KERNEL_SYS_SYSCTL_VIEW_H

void sysctl_views_init(void); /* at boot */

#endif
