#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "maskbench/nn/contract.h"
#include "maskbench/nn/tensor.h"

namespace maskbench {

/// An imported network, ready to run on one thread.
///
/// The batch size is fixed: oneDNN and BLAS choose other kernels, hence other roundings, for other
/// batch sizes, so results are byte-identical only at the same one. An instance must not be used
/// by two threads at a time; make one per worker. Whoever starts the process sets
/// OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1: two workers with two library threads each on two
/// cores are 10 to 100 times slower than with one.
class Network {
 public:
  /// Reads a TorchScript module, written by ImportNetwork or anything else that keeps the contract
  /// (one float32 NCHW argument; a tensor, a tuple or a list of tensors as result), optimises it
  /// for inference and runs it a few times on zeros, which settles LibTorch's profiling and checks
  /// the outputs. Throws DataError when the file cannot be read or the outputs are not the
  /// contract's. Sets LibTorch to one thread and tells the allocator of the process to keep freed
  /// memory.
  static std::unique_ptr<Network> Load(const std::filesystem::path& file,
                                       const NetworkContract& contract, int batch);

  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Runs one batch. `input_nchw` holds batch × channels × height × width floats, normalised as the
  /// contract's comment says. `outputs` become the contract's outputs in its order, each of shape
  /// [batch, shape per item…]; their storage is reused from call to call.
  void Run(const float* input_nchw, std::vector<Tensor>* outputs);

  const NetworkContract& contract() const;
  int batch() const;

 private:
  struct Impl;
  explicit Network(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

/// Version of the LibTorch in use, e.g. "1.13.1".
std::string TorchVersion();

/// Path of the shared object whose `sgemm_` LibTorch calls, or "none". The reference BLAS is an
/// order of magnitude slower than OpenBLAS, so reports say which one it was.
std::string BlasBoundByTorch();

}  // namespace maskbench
