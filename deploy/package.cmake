# cmake --install, and the Debian package: cmake --build --preset release && cpack --config build/release/CPackConfig.cmake
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # the programs are enough, without the tests
include(GNUInstallDirs)
set(units plumbd.service plumbd.socket plumbd-http.socket plumb-webhooks.service)
list(TRANSFORM units PREPEND ${CMAKE_SOURCE_DIR}/deploy/)

install(TARGETS plumb plumb-webhooks RUNTIME DESTINATION bin)
install(TARGETS plumbd RUNTIME DESTINATION bin)
install(FILES ${units} DESTINATION lib/systemd/system)
install(FILES deploy/plumbline.sysusers DESTINATION lib/sysusers.d RENAME plumbline.conf)
install(FILES deploy/plumbline.tmpfiles DESTINATION lib/tmpfiles.d RENAME plumbline.conf)
# Not below the prefix: there is one place for configuration.
install(FILES deploy/plumbd.conf deploy/plumb-webhooks.conf DESTINATION /etc/plumbline)
install(DIRECTORY docs/man/ DESTINATION share/man/man1 FILES_MATCHING PATTERN "*.1")
install(DIRECTORY docs/man/ DESTINATION share/man/man5 FILES_MATCHING PATTERN "*.5")
install(DIRECTORY docs/man/ DESTINATION share/man/man8 FILES_MATCHING PATTERN "*.8")
install(DIRECTORY deploy/grafana DESTINATION share/plumbline)
install(DIRECTORY proto DESTINATION share/plumbline FILES_MATCHING PATTERN "*.proto")
install(FILES README.md CHANGELOG.md DESTINATION share/doc/plumbline)
install(FILES LICENSE DESTINATION share/doc/plumbline RENAME copyright)
install(DIRECTORY docs/ DESTINATION share/doc/plumbline/docs PATTERN "man" EXCLUDE)
install(DIRECTORY deploy/example DESTINATION share/doc/plumbline)
# Completions come from the program itself.
install(CODE "
	set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share\")
	foreach(shell bash zsh fish)
		set(bash bash-completion/completions/plumb)
		set(zsh zsh/vendor-completions/_plumb)
		set(fish fish/vendor_completions.d/plumb.fish)
		get_filename_component(folder \"\${share}/\${\${shell}}\" DIRECTORY)
		file(MAKE_DIRECTORY \"\${folder}\")
		execute_process(COMMAND ${CMAKE_BINARY_DIR}/plumb completion \${shell}
			OUTPUT_FILE \"\${share}/\${\${shell}}\" COMMAND_ERROR_IS_FATAL ANY)
	endforeach()
	file(GLOB pages \"\${share}/man/man?/plumb*.[158]\")
	if(pages)
		execute_process(COMMAND gzip -9nf \${pages} COMMAND_ERROR_IS_FATAL ANY)
	endif()
	execute_process(COMMAND gzip -9nf \"\${share}/doc/plumbline/CHANGELOG.md\" COMMAND_ERROR_IS_FATAL ANY)
	file(RENAME \"\${share}/doc/plumbline/CHANGELOG.md.gz\" \"\${share}/doc/plumbline/changelog.gz\")
")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME plumbline)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "Plumbline maintainers <maintainers@plumbline.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "strategic plans, and where they have come apart")
set(CPACK_PACKAGE_DESCRIPTION
	"plumbd keeps strategic plans as versioned data: every change is durable before it is\nacknowledged. plumb puts plans in, shows them, and says where they have come apart.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION misc)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "tzdata, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles
	${CMAKE_SOURCE_DIR}/deploy/debian/postinst ${CMAKE_SOURCE_DIR}/deploy/debian/prerm
	${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
include(CPack)
