/*
 * banned - C library functions that have no place here.
 *
 * Each has a safe twin: buffer_printf or snprintf for sprintf, strtol for
 * atoi, the _r forms for gmtime and localtime, random_bytes for rand.
 */
#ifndef OCELLUS_BASE_BANNED_H
#define OCELLUS_BASE_BANNED_H

#define BANNED(name) sorry_##name##_is_a_banned_function

#undef strcpy
#define strcpy(a, b)        BANNED(strcpy)
#undef strcat
#define strcat(a, b)        BANNED(strcat)
#undef sprintf
#define sprintf(...)        BANNED(sprintf)
#undef vsprintf
#define vsprintf(a, b, c)   BANNED(vsprintf)
#undef gets
#define gets(a)             BANNED(gets)
#undef strtok
#define strtok(a, b)        BANNED(strtok)
#undef atoi
#define atoi(a)             BANNED(atoi)
#undef gmtime
#define gmtime(a)           BANNED(gmtime)
#undef localtime
#define localtime(a)        BANNED(localtime)
#undef rand
#define rand()              BANNED(rand)
#undef system
#define system(a)           BANNED(system)

#endif
