//! Functions of a real number, as the exports want them: `f64` to `f64`.

macro_rules! unary {
    ($($name:ident = $method:ident;)*) => {
        $(#[unsafe(no_mangle)]
        pub extern "C" fn $name(x: f64) -> f64 {
            x.$method()
        })*
    };
}

macro_rules! binary {
    ($($name:ident = $method:ident;)*) => {
        $(#[unsafe(no_mangle)]
        pub extern "C" fn $name(x: f64, y: f64) -> f64 {
            x.$method(y)
        })*
    };
}

unary! {
    altru_math_sin = sin;
    altru_math_cos = cos;
    altru_math_tan = tan;
    altru_math_asin = asin;
    altru_math_acos = acos;
    altru_math_atan = atan;
    altru_math_sinh = sinh;
    altru_math_cosh = cosh;
    altru_math_tanh = tanh;
    altru_math_asinh = asinh;
    altru_math_acosh = acosh;
    altru_math_atanh = atanh;
    altru_math_exp = exp;
    altru_math_exp2 = exp2;
    altru_math_expm1 = exp_m1;
    altru_math_ln = ln;
    altru_math_log2 = log2;
    altru_math_log10 = log10;
    altru_math_ln1p = ln_1p;
    altru_math_cbrt = cbrt;
}

binary! {
    altru_math_atan2 = atan2;
    altru_math_pow = powf;
    altru_math_hypot = hypot;
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_math_powi(x: f64, n: i32) -> f64 {
    x.powi(n)
}

#[unsafe(no_mangle)]
pub extern "C" fn altru_math_fmod(x: f64, y: f64) -> f64 {
    x % y
}
