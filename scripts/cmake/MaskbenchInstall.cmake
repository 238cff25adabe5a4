# cmake --install BUILD --prefix DIR: the program, and the libraries and headers with which other
# projects make programs of their own (find_package(MaskBench), target MaskBench::maskbench).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(layers core media stats nn head render perception reconstruct masking clinical recognition
           pipeline report cli)
set(installed_targets maskbench_opencv maskbench_ffmpeg maskbench_torch)
foreach(layer ${layers})
  list(APPEND installed_targets maskbench_${layer})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/framework/${layer}/include/
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/experiments/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
list(APPEND installed_targets maskbench_datasets maskbench_experiments maskbench_training
     maskbench_program)

# MaskBench::core … MaskBench::cli, and MaskBench::maskbench with all of them.
foreach(target ${installed_targets})
  string(REPLACE maskbench_ "" name ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
endforeach()
set_target_properties(maskbench_program PROPERTIES EXPORT_NAME maskbench)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/MaskBench)
install(TARGETS ${installed_targets} EXPORT MaskBenchTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT MaskBenchTargets NAMESPACE MaskBench:: DESTINATION ${package_dir})
install(TARGETS maskbench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/MaskBenchConfig.cmake.in
                              ${CMAKE_BINARY_DIR}/package/MaskBenchConfig.cmake
                              INSTALL_DESTINATION ${package_dir}
                              NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/MaskBenchConfigVersion.cmake
                                 COMPATIBILITY ExactVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/MaskBenchConfig.cmake
              ${CMAKE_BINARY_DIR}/package/MaskBenchConfigVersion.cmake
        DESTINATION ${package_dir})
