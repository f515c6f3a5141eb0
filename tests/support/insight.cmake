# Plans written as text, for tests of what reads a view.
add_library(plumb_plan_text STATIC plan_text.c)
target_link_libraries(plumb_plan_text PUBLIC plumb_plan plumb_proto)

# What checks of them find.
add_library(plumb_check_text STATIC check_text.c)
target_link_libraries(plumb_check_text PUBLIC plumb_plan_text plumb_insight PkgConfig::CHECK)

# Prints docs/RULES.md; `ninja rules-md` renews it.
add_executable(rules_md rules_md.c)
set_target_properties(rules_md PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_link_libraries(rules_md PRIVATE plumb_insight)
add_custom_target(rules-md COMMAND rules_md > ${CMAKE_SOURCE_DIR}/docs/RULES.md VERBATIM)
