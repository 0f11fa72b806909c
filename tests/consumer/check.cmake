# Installs Pelton from the build directory BUILD into a fresh prefix, then configures, builds and
# runs the project beside this file against it: with find_package, and by hand with pkg-config.
cmake_minimum_required(VERSION 3.25)

set(scratch ${BUILD}/tests/scratch/consumer)
file(REMOVE_RECURSE ${scratch})

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${scratch}/prefix)

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${scratch}/build -G Ninja
    -D CMAKE_PREFIX_PATH=${scratch}/prefix -D CMAKE_CXX_COMPILER=${CXX}
    "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}")
run(${CMAKE_COMMAND} --build ${scratch}/build)
run(${scratch}/build/consumer)

file(GLOB_RECURSE descriptions ${scratch}/prefix/*/pelton.pc)
list(GET descriptions 0 description)
cmake_path(GET description PARENT_PATH folder)
set(ENV{PKG_CONFIG_PATH} ${folder})
execute_process(COMMAND pkg-config --cflags --libs pelton COMMAND_ERROR_IS_FATAL ANY
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE)
separate_arguments(flags UNIX_COMMAND "${CXX_FLAGS} ${flags}")
run(${CXX} -std=c++23 -o ${scratch}/by-hand ${CMAKE_CURRENT_LIST_DIR}/main.cpp ${flags})
run(${scratch}/by-hand)
