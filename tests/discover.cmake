# Asks a test executable for its test cases and writes a ctest file with one test for each.
#
# doctest's own doctest_discover_tests is not used: it flattens properties that are lists, needs a
# process for each test to learn its suite, and trips over brackets and semicolons in sentences.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${EXECUTABLE} --list-test-cases --reporters=xml --no-skip
    OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)

# Characters that CMake's lists or doctest's filters read as their own become a placeholder: in the
# filter "?", which matches any one character, and in the name of the ctest test something plain.
string(REGEX REPLACE "[][;\\]" "?" listing "${listing}")
string(REGEX MATCHALL "<TestCase [^\n]*" cases "${listing}")

set(script "")
set(names "")
foreach(case IN LISTS cases)
    string(REGEX MATCH " name=\"([^\"]*)\"" _ "${case}")
    set(name "${CMAKE_MATCH_1}")
    string(REGEX MATCH " testsuite=\"([^\"]*)\"" _ "${case}")
    set(suite "${CMAKE_MATCH_1}")
    string(REGEX REPLACE "&[a-z]+[?]|," "?" filter "${name}")
    string(REPLACE "&quot?" "'" name "${name}")
    string(REPLACE "&lt?" "<" name "${name}")
    string(REPLACE "&gt?" ">" name "${name}")
    string(REPLACE "&amp?" "&" name "${name}")
    if("${name}" IN_LIST names)
        message(FATAL_ERROR "two test cases of ${LAYER} have this name: ${name}")
    endif()
    list(APPEND names "${name}")

    set(timeout ${TIMEOUT})
    set(alone FALSE)
    if(suite MATCHES slow)
        set(timeout ${SLOW_TIMEOUT})
    endif()
    if(suite MATCHES alone)
        set(alone TRUE)
    endif()
    string(APPEND script
        "add_test([==[${LAYER}: ${name}]==] [==[${EXECUTABLE}]==] [==[--test-case=${filter}]==]"
        " --no-skip --no-version)\n"
        "set_tests_properties([==[${LAYER}: ${name}]==] PROPERTIES SKIP_RETURN_CODE 77"
        " TIMEOUT ${timeout} RUN_SERIAL ${alone} LABELS \"${LAYER};${suite}\""
        " ENVIRONMENT \"${ENVIRONMENT}\")\n")
endforeach()
file(WRITE ${OUTPUT} "${script}")
