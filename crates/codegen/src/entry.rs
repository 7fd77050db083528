//! The C `main` around a program.

use base::Name;

use crate::llvm::Builder;
use crate::unit::Unit;

/// `int main(int argc, char **argv)`: hands the program's entry to the runtime.
pub fn emit(u: &Unit) -> Result<(), String> {
    let Some(program_main) = u.program.main else { return Ok(()) };
    let m = &u.m;
    let main = m.add_function("main", m.fn_type(&[m.i32, m.ptr], m.i32));
    let block = m.append_block(main, c"start");
    let b = Builder::new(m);
    b.at_end(block);
    let (run, ty, _) = u.external(Name::new("altru_rt_main"), None)?;
    let args = [u.function(program_main), m.param(main, 0), m.param(main, 1)];
    let code = b.call(ty, run, &args);
    b.ret(Some(code));
    Ok(())
}
