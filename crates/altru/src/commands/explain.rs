//! `altru explain`: the page of a diagnostic code.

use super::{fail, out};

#[derive(clap::Args)]
pub struct Args {
    /// Such as `E0501`; all codes are listed if left out
    code: Option<String>,
}

pub fn run(args: Args) -> u8 {
    let Some(code) = args.code else {
        let width = 6;
        for (code, title) in base::codes::ALL {
            out(&format!("{:<width$} {title}\n", code.0));
        }
        return 0;
    };
    let code = code.to_ascii_uppercase();
    match driver::embedded::error_page(&code) {
        Some(page) => {
            out(page);
            0
        }
        None => {
            let near = base::diagnostic::closest(&code, driver::embedded::error_codes());
            let hint =
                near.map_or("`altru explain` lists all codes".into(), |n| format!("did you mean {n}?"));
            fail(&format!("there is no code `{code}`: {hint}"))
        }
    }
}
