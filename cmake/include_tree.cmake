# pelton_include_tree(<name> <folder>...): makes <build>/<name>/pelton/<folder> a symbolic link to
# the folder in the sources, so that headers are found as <pelton/...> without being copied. Links
# that are right are left alone: a reconfigure must not pull them away from under a running build.
function(pelton_include_tree name)
    foreach(folder IN LISTS ARGN)
        set(link ${PROJECT_BINARY_DIR}/${name}/pelton/${folder})
        file(REAL_PATH ${link} target)
        file(REAL_PATH ${PROJECT_SOURCE_DIR}/${folder} source)
        if(NOT target STREQUAL source)
            cmake_path(GET link PARENT_PATH parent)
            file(MAKE_DIRECTORY ${parent})
            file(REMOVE ${link})
            file(CREATE_LINK ${source} ${link} SYMBOLIC)
        endif()
    endforeach()
endfunction()
