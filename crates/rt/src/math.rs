//! Functions of real numbers that the processor has no instruction for.

use abi::{MathBinary, MathUnary};

type Unary = (MathUnary, fn(f64) -> f64);

#[unsafe(no_mangle)]
pub extern "C" fn altru_math_unary(op: i32, x: f64) -> f64 {
    const OPS: [Unary; 15] = [
        (MathUnary::Exp, f64::exp),
        (MathUnary::Ln, f64::ln),
        (MathUnary::Log10, f64::log10),
        (MathUnary::Log2, f64::log2),
        (MathUnary::Sin, f64::sin),
        (MathUnary::Cos, f64::cos),
        (MathUnary::Tan, f64::tan),
        (MathUnary::Asin, f64::asin),
        (MathUnary::Acos, f64::acos),
        (MathUnary::Atan, f64::atan),
        (MathUnary::Sinh, f64::sinh),
        (MathUnary::Cosh, f64::cosh),
        (MathUnary::Tanh, f64::tanh),
        (MathUnary::Cbrt, f64::cbrt),
        (MathUnary::Exp2, f64::exp2),
    ];
    // The table stands in the order of the numbers.
    match usize::try_from(op).ok().and_then(|op| OPS.get(op)) {
        Some((at, function)) => {
            debug_assert_eq!(*at as i32, op);
            function(x)
        }
        None => f64::NAN,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_math_binary(op: i32, x: f64, y: f64) -> f64 {
    match op {
        op if op == MathBinary::Pow as i32 => x.powf(y),
        op if op == MathBinary::Atan2 as i32 => x.atan2(y),
        op if op == MathBinary::Hypot as i32 => x.hypot(y),
        _ => f64::NAN,
    }
}
