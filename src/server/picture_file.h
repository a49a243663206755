/*
 * picture_file - answer with a picture on disk, as it is or as a thumbnail.
 */
#ifndef OCELLUS_SERVER_PICTURE_FILE_H
#define OCELLUS_SERVER_PICTURE_FILE_H

#include "server/http.h"

/* With ?size=N a JPEG of at most N pixels a side; else the file itself.  What is no picture
 * is never answered with, whatever its name. */
void picture_answer(Request *request, Response *response, const char *path);

#endif
