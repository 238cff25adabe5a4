# Every library comes from the distribution; scripts/install_packages.sh installs them.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs calib3d)
find_package(Ceres REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
find_package(Torch REQUIRED)
find_library(MASKBENCH_OPENBLAS NAMES libopenblas.so.0 REQUIRED)

add_library(maskbench_opencv INTERFACE)
target_include_directories(maskbench_opencv SYSTEM INTERFACE ${OpenCV_INCLUDE_DIRS})
target_link_libraries(maskbench_opencv INTERFACE opencv_core opencv_imgproc opencv_imgcodecs
                                                 opencv_calib3d)

add_library(maskbench_ffmpeg INTERFACE)
target_link_libraries(maskbench_ffmpeg INTERFACE PkgConfig::FFMPEG)

# GEMM binds to whichever BLAS the linkers meet first. OpenBLAS is therefore named explicitly and
# before everything else, in every program: Ceres pulls in ATLAS, which is many times slower.
add_link_options(-Wl,--push-state,--no-as-needed ${MASKBENCH_OPENBLAS} -Wl,--pop-state)
add_library(maskbench_torch INTERFACE)
target_include_directories(maskbench_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(maskbench_torch INTERFACE ${TORCH_LIBRARIES} ${CMAKE_DL_LIBS})
target_compile_options(maskbench_torch INTERFACE ${TORCH_CXX_FLAGS})

find_program(MASKBENCH_CCACHE ccache)
if(MASKBENCH_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MASKBENCH_CCACHE})
endif()
find_program(MASKBENCH_MOLD mold)
if(MASKBENCH_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
