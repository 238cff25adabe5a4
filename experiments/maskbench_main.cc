#include "maskbench/program.h"

int main(int argc, char** argv) { return maskbench::RunMaskBench(argc, argv); }
