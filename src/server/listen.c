/*
 * listen - the socket that the server listens on.
 *
 * Made here and not by libmicrohttpd, so that a port in use is told as such.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/inside.h"

enum { BACKLOG = 511 };

typedef union Address {
    struct sockaddr         any;
    struct sockaddr_in      v4;
    struct sockaddr_in6     v6;
    struct sockaddr_storage room;
} Address;

/* Addresses as numbers, "localhost", or a name that the system knows. */
static bool find_address(const char *host, Address *address, socklen_t *size, Error *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *found;

    *address = (Address){ 0 };
    if (strcmp(host, "localhost") == 0) {
        host = "127.0.0.1";
    }
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        *size = sizeof(address->v4);
        return true;
    }
    if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        *size = sizeof(address->v6);
        return true;
    }
    if (getaddrinfo(host, NULL, &hints, &found) != 0) {
        return fail(err, ERR_INVALID, "'%.100s' is no address of this machine", host);
    }
    *size = (socklen_t)MIN(found->ai_addrlen, sizeof(*address));
    memcpy(address, found->ai_addr, *size);
    freeaddrinfo(found);
    return true;
}

static bool address_is_loopback(const Address *address)
{
    return address->any.sa_family == AF_INET
               ? ntohl(address->v4.sin_addr.s_addr) >> 24 == 127
               : IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

/* AF_INET and AF_INET6 keep the port in the same place. */
static bool bind_and_listen(int listener, Address *address, socklen_t size, int port)
{
    int on = 1, off = 0;

    address->v4.sin_port = htons((uint16_t)port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->any.sa_family == AF_INET6) {
        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    return bind(listener, &address->any, size) == 0 && listen(listener, BACKLOG) == 0;
}

int listen_open(const char *host, int *port, bool *loopback, Error *err)
{
    Address   address;
    socklen_t size;
    int       listener;

    if (!find_address(host, &address, &size, err)) {
        return -1;
    }
    listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || !bind_and_listen(listener, &address, size, *port)) {
        if (errno == EADDRINUSE) {
            fail(err, ERR_CONFLICT, "port %d is in use; choose another one with --port", *port);
        } else if (errno == EACCES) {
            fail(err, ERR_REFUSED, "port %d needs more rights; choose one from 1024 up with --port",
                 *port);
        } else {
            fail_errno(err, errno, "cannot listen on %.100s, port %d", host, *port);
        }
        if (listener >= 0) {
            close(listener);
        }
        return -1;
    }
    *loopback = address_is_loopback(&address);
    getsockname(listener, &address.any, &size);
    *port = ntohs(address.v4.sin_port);
    return listener;
}
