//! Lets the executable and its tests find the LLVM library that `codegen` links: a library's
//! build script cannot set the search path of an executable.

fn main() {
    if let Ok(folder) = std::env::var("DEP_ALTRU_LLVM_LIBDIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
