//! The binary `huitong`.

fn main() {
    std::process::exit(huitong_node::cli::run());
}
