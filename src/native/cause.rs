//! Classifies failures by libtorch's messages. Its bindings provide nothing else, and no other module parses them.

/// The cause of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Out of memory.
    Memory,
    /// A device library failed with a message that it also uses when out of memory.
    MemoryOrDevice,
    /// The device, its driver or one of its libraries.
    Device,
    /// Anything else.
    Other,
}

/// In any letter case.
const MEMORY: [&str; 6] = [
    "out of memory",
    "alloc_failed",
    "allocation_failed",
    "can't allocate memory",
    "not enough memory",
    "std::bad_alloc",
];
/// When out of memory, cuBLAS may fail to initialise, and cuDNN may find no kernel or report an internal error; but
/// both also happen for other reasons.
const MEMORY_OR_DEVICE: [&str; 5] = [
    "cublas_status_not_initialized",
    "cudnn_status_not_initialized",
    "cudnn_status_internal_error",
    "unable to find an engine to execute",
    "unable to find a valid cudnn algorithm",
];
const DEVICE: [&str; 5] = ["cuda error", "cuda driver error", "cublas", "cudnn", "cusolver"];

/// The cause named by a libtorch message.
pub fn cause_of(words: &str) -> Cause {
    let words = words.to_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    if has(&MEMORY) {
        Cause::Memory
    } else if has(&MEMORY_OR_DEVICE) {
        Cause::MemoryOrDevice
    } else if has(&DEVICE) {
        Cause::Device
    } else {
        Cause::Other
    }
}

/// The first line of libtorch's message, extracted from the panic of its bindings.
pub fn first_words(panic: &str) -> String {
    let cause = panic.split_once("Torch(\"").map_or(panic, |(_, cause)| cause);
    let line = cause.split("\\n").next().unwrap_or_default().lines().next().unwrap_or_default();
    line.trim_end_matches("\")").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of libtorch and the libraries under it as reported by users, truncated.
    const SAMPLES: [(Cause, &str); 24] = [
        (
            Cause::Memory,
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB of which",
        ),
        (Cause::Memory, "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        (Cause::Memory, "CUDA driver error: out of memory"),
        (Cause::Memory, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        (Cause::Memory, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasLtMatmul( ltHandle, computeDesc"),
        (Cause::Memory, "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        (Cause::Memory, "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED"),
        (Cause::Memory, "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        (Cause::Memory, "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDnCreate(handle)`"),
        (
            Cause::Memory,
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried",
        ),
        (Cause::Memory, "DefaultCPUAllocator: not enough memory: you tried to allocate 17179869184 bytes."),
        (Cause::Memory, "std::bad_alloc"),
        (Cause::MemoryOrDevice, "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
        (Cause::MemoryOrDevice, "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
        (Cause::MemoryOrDevice, "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"),
        (Cause::MemoryOrDevice, "FIND was unable to find an engine to execute this computation"),
        (Cause::MemoryOrDevice, "GET was unable to find an engine to execute this computation"),
        (Cause::MemoryOrDevice, "Unable to find a valid cuDNN algorithm to run convolution"),
        (Cause::Device, "CUDA error: unspecified launch failure"),
        (Cause::Device, "CUDA error: an illegal memory access was encountered"),
        (
            Cause::Device,
            "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa, opb, m, n, k",
        ),
        (Cause::Device, "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        (Cause::Other, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x1)"),
        (Cause::Other, "Expected all tensors to be on the same device, but found at least two devices"),
    ];

    #[test]
    fn causes_are_recognised_in_libtorch_messages() {
        for (cause, words) in SAMPLES {
            assert_eq!(cause_of(words), cause, "{words}");
            let panic = format!("called `Result::unwrap()` on an `Err` value: Torch({words:?})");
            assert_eq!(cause_of(&panic), cause, "{panic}");
            assert_eq!(first_words(&panic), words.lines().next().expect("a line"));
        }
    }
}
