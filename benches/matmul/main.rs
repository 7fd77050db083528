fn multiply(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut c = vec![0.0; n * n];
    for i in 0..n {
        for k in 0..n {
            let x = a[i * n + k];
            for j in 0..n {
                c[i * n + j] += x * b[k * n + j];
            }
        }
    }
    c
}
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let a: Vec<f64> = (0..n * n).map(|i| (i % 17) as f64).collect();
    let b: Vec<f64> = (0..n * n).map(|i| (i % 13) as f64).collect();
    let c = multiply(&a, &b, n);
    println!("{:.1}", c.iter().sum::<f64>());
}
