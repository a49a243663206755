/*
 * version - which Ocellus this is.
 */
#ifndef OCELLUS_BASE_VERSION_H
#define OCELLUS_BASE_VERSION_H

#define OCELLUS_VERSION "0.1.0"

#endif
