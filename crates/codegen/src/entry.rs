//! The C `main` around a program or its tests.

use base::Name;

use crate::llvm::{Builder, IntCmp};
use crate::unit::Unit;

/// Exit status of a test executable called without the number of a test.
const BAD_CALL: i32 = 2;

/// `int main(int argc, char **argv)`: hands the program's entry to the runtime; of tests the one
/// whose number, from 0, is the first argument.
pub fn emit(u: &Unit) -> Result<(), String> {
    let m = &u.m;
    let tests = &u.program.tests;
    if u.program.main.is_none() && tests.is_empty() {
        return Ok(());
    }
    let main = m.add_function("main", m.fn_type(&[m.i32, m.ptr], m.i32));
    let b = Builder::new(m);
    b.at_end(m.append_block(main, c"start"));
    let (argc, argv) = (m.param(main, 0), m.param(main, 1));
    let entry = match u.program.main {
        Some(program_main) => u.function(program_main),
        None => {
            let (refuse, parse) = (m.append_block(main, c"refuse"), m.append_block(main, c"parse"));
            let given = b.icmp(IntCmp::LLVMIntSGE, argc, m.const_i32(2));
            b.cond_br(given, parse, refuse);
            b.at_end(refuse);
            b.ret(Some(m.const_i32(BAD_CALL)));

            b.at_end(parse);
            let text = b.load(m.ptr, b.gep(m.ptr, argv, m.const_i32(1)), 8);
            let atoi_ty = m.fn_type(&[m.ptr], m.i32);
            let atoi = m.add_function("atoi", atoi_ty);
            let number = b.call(atoi_ty, atoi, &[text]);
            let fine = b.icmp(IntCmp::LLVMIntULT, number, m.const_i32(tests.len() as i32));
            let run = m.append_block(main, c"run");
            b.cond_br(fine, run, refuse);

            b.at_end(run);
            let functions: Vec<_> = tests.iter().map(|&t| u.function(t)).collect();
            let table = m.add_constant("tests", m.const_array(m.ptr, &functions), 8);
            b.load(m.ptr, b.gep(m.ptr, table, b.zext(number, m.i64)), 8)
        }
    };
    if u.program.main.is_some() && u.options.quick() && !u.options.explore {
        let (tell, ty, _) = u.external(Name::new("altru_rt_tell_leaks"), None)?;
        b.call(ty, tell, &[]);
    }
    let (run, ty, _) = u.external(Name::new("altru_rt_main"), None)?;
    let code = b.call(ty, run, &[entry, argc, argv]);
    b.ret(Some(code));
    Ok(())
}
