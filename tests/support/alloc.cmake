# Allocations that fail when told to. Whoever links it has the calls of its own objects (not those of shared libraries) wrapped.
add_library(plumb_test_alloc STATIC alloc_fault.c)
target_link_libraries(plumb_test_alloc PUBLIC plumb_warnings PkgConfig::SQLITE)
foreach(call malloc calloc realloc reallocarray strdup strndup)
	target_link_options(plumb_test_alloc INTERFACE -Wl,--wrap=${call})
endforeach()

foreach(program unit_rpc_test_alloc unit_plan_test_alloc unit_plan_test_view_pending unit_insight_test_local
		unit_insight_test_schedule_alloc)
	if(TARGET ${program})
		target_link_libraries(${program} PRIVATE plumb_test_alloc)
	endif()
endforeach()
