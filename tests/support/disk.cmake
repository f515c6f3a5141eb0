# The simulated disk. Whoever links it has the file calls of its own objects (not those of shared libraries) wrapped.
add_library(plumb_test_disk STATIC vfs_shim.c)
target_link_libraries(plumb_test_disk PUBLIC plumb_store)
set(wrapped open close read write pread pwrite lseek ftruncate fsync fstat access rename unlink mkdir flock statfs
	opendir readdir closedir)
foreach(call ${wrapped})
	target_link_options(plumb_test_disk INTERFACE -Wl,--wrap=${call})
endforeach()

if(TARGET unit_store_test_faults)
	target_link_libraries(unit_store_test_faults PRIVATE plumb_test_disk)
endif()
