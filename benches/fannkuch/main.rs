fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut perm1: Vec<i64> = (0..n as i64).collect();
    let mut perm: Vec<i64> = vec![0; n];
    let mut count: Vec<i64> = vec![0; n];
    let (mut max_flips, mut checksum, mut r, mut index) = (0i64, 0i64, n, 0i64);
    loop {
        while r != 1 {
            count[r - 1] = r as i64;
            r -= 1;
        }
        for i in 0..n {
            perm[i] = perm1[i];
        }
        let mut flips = 0;
        loop {
            let k = perm[0];
            if k == 0 {
                break;
            }
            let (mut lo, mut hi) = (0usize, k as usize);
            while lo < hi {
                let t = perm[lo];
                perm[lo] = perm[hi];
                perm[hi] = t;
                lo += 1;
                hi -= 1;
            }
            flips += 1;
        }
        if flips > max_flips {
            max_flips = flips;
        }
        if index % 2 == 0 { checksum += flips } else { checksum -= flips }
        loop {
            if r == n {
                println!("{checksum}\nPfannkuchen({n}) = {max_flips}");
                return;
            }
            let first = perm1[0];
            for i in 0..r {
                perm1[i] = perm1[i + 1];
            }
            perm1[r] = first;
            count[r] -= 1;
            if count[r] > 0 {
                break;
            }
            r += 1;
        }
        index += 1;
    }
}
