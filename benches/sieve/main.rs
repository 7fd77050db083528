fn sieve(n: i64) -> i64 {
    let mut composite = vec![false; n as usize + 1];
    let mut count = 0;
    let mut i = 2i64;
    while i <= n {
        if !composite[i as usize] {
            count += 1;
            let mut j = i * i;
            while j <= n {
                composite[j as usize] = true;
                j += i;
            }
        }
        i += 1;
    }
    count
}
fn main() {
    let n: i64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut total = 0;
    for _ in 0..5 {
        total += sieve(n);
    }
    println!("{total}");
}
