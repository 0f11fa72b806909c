// What a test has to know of the sanitizer it was built with.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define PELTON_THREAD_SANITIZER 1
#elif defined(__has_feature)
#define PELTON_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define PELTON_THREAD_SANITIZER 0
#endif
