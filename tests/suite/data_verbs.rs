//! `freezewise data` and its verbs.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::Value;

use super::data::write_cifar10;
use super::program::{Answer, Place, TINY, json};

fn parse(answer: &Answer) -> Value {
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    serde_json::from_str(&answer.stdout).expect("JSON")
}

#[test]
fn list_shows_known_and_present_data() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("data/cifar-100-binary")).expect("a folder");
    let listed = parse(&place.freezewise(&["data", "list", "--json"]));
    let named = |name: &str| {
        let datasets = listed.as_array().expect("a list");
        datasets.iter().find(|dataset| dataset["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    assert_eq!((&named("cifar10")["found"], &named("cifar10")["classes"]), (&Value::Null, &Value::from(10)));
    assert_eq!(named("cifar100")["found"], "data/cifar-100-binary");
    assert_eq!(named("cifar10")["files"][0]["digits"], "c32a1d4ab5d03f1284b67883e8d87530");
    for dataset in listed.as_array().expect("a list") {
        assert!(!dataset["licence"].as_str().expect("a licence").is_empty());
        assert!(!dataset["citation"].as_str().expect("a citation").is_empty());
        for file in dataset["files"].as_array().expect("files") {
            assert!(!file["checksum_from"].as_str().expect("where the checksum is from").is_empty());
        }
    }
    let table = place.freezewise(&["data", "list"]).stdout;
    for part in ["not in data", "170.1 MB", "Krizhevsky", "CC BY-SA 4.0", "fashion-mnist"] {
        assert!(table.contains(part), "{part}\n{table}");
    }
}

#[test]
fn fetch_uses_no_network_when_it_need_not() {
    let place = Place::new();
    let unknown = place.freezewise(&["data", "fetch", "cifar11"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `cifar10`?"), "{}", unknown.stderr);
    let offline = place.freezewise(&["data", "fetch", "kmnist", "--offline"]);
    assert_eq!(offline.code, 1);
    assert!(offline.stderr.contains("4 files are missing, and `--offline` downloads nothing"), "{}", offline.stderr);
    assert!(offline.stderr.contains("train-images-idx3-ubyte.gz to data/kmnist/"), "{}", offline.stderr);
    assert!(!place.path("data").exists());
    // An unpacked data set needs no download if it has all of its files.
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        let part = place.freezewise(&["data", "fetch", "cifar10", "--offline"]);
        assert_eq!(part.code, 1, "{}", part.stdout);
        assert!(part.stderr.contains("1 file is missing, and `--offline` downloads nothing"), "{}", part.stderr);
        place.write(&format!("data/cifar-10-batches-bin/{name}.bin"), "");
    }
    let here = place.freezewise(&["data", "fetch", "cifar10"]);
    assert_eq!((here.code, here.stdout.as_str()), (0, "data/cifar-10-batches-bin: already here\n"));
    let nowhere = place.freezewise(&["data", "fetch", "mnist", "--from", "file:///etc"]);
    assert_eq!(nowhere.code, 2, "{}", nowhere.stderr);
}

/// Opening a pipe would block forever.
#[test]
fn a_pipe_is_not_a_data_set() {
    let place = Place::new();
    let pipe = |path: &str| {
        let path = place.path(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo starts").success());
    };
    pipe("data/mnist/train-labels-idx1-ubyte");
    let verified = place.freezewise(&["data", "verify", "mnist"]);
    assert_eq!(verified.code, 1);
    assert!(verified.stdout.contains("it is not a regular file"), "{}", verified.stdout);
    pipe("data/cifar-10-binary.tar.gz");
    let fetched = place.freezewise(&["data", "fetch", "cifar10", "--offline"]);
    assert_eq!(fetched.code, 1);
    assert!(fetched.stderr.contains("it is not a regular file"), "{}", fetched.stderr);
}

/// The address of a server that answers every request with `reply`.
fn server(reply: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let request = BufReader::new(&stream).lines().map_while(Result::ok);
            request.take_while(|line| !line.is_empty()).for_each(drop);
            // The client may close the connection early.
            let _ = (&stream).write_all(reply);
        }
    });
    address
}

#[test]
fn fetch_keeps_only_the_published_file() {
    let place = Place::new();
    let fetch = |from: &str| place.freezewise(&["data", "fetch", "mnist", "--from", from]);
    let wrong = fetch(&server(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope"));
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("cannot fetch MNIST"), "{}", wrong.stderr);
    assert!(
        wrong.stderr.contains("the file on the server has 4 bytes, the published file 9,912,422"),
        "{}",
        wrong.stderr
    );
    assert_eq!(std::fs::read_dir(place.path("data/mnist")).expect("a folder").count(), 0);
    let absent = fetch(&server(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    assert_eq!(absent.code, 1);
    assert!(absent.stderr.contains("the server answered 404 Not Found"), "{}", absent.stderr);
    assert!(absent.stderr.contains("save it as `data/mnist/train-images-idx3-ubyte.gz`"), "{}", absent.stderr);
}

#[test]
fn verify_detects_files_that_are_not_the_published_ones() {
    let place = Place::new();
    let nothing = place.freezewise(&["data", "verify"]);
    assert_eq!(nothing.code, 1);
    assert!(nothing.stderr.contains("no published data set in `data`"), "{}", nothing.stderr);
    write_cifar10(&place.path("data/cifar-10-batches-bin"));
    let answer = place.freezewise(&["data", "verify"]);
    assert_eq!(answer.code, 1);
    assert_eq!(answer.stdout.matches("WRONG: expected MD5").count(), 6, "{}", answer.stdout);
    assert!(answer.stdout.contains("ok: 50,000 training and 10,000 test images, 10 classes"), "{}", answer.stdout);
    std::fs::write(place.path("data/cifar-10-batches-bin/test_batch.bin"), "short").expect("a file");
    let answer = place.freezewise(&["data", "verify", "cifar10"]);
    assert!(answer.stdout.contains("must have 30,730,000 bytes, found 5"), "{}", answer.stdout);
    assert!(place.freezewise(&["data", "verify", "kmnist"]).stdout.contains("missing, packed and unpacked"));
}

#[test]
fn stats_count_the_examples_of_a_run() {
    let place = Place::with(TINY);
    let statistics = parse(&place.freezewise(&["data", "stats", "spec.toml", "--json"]));
    let target = &statistics[1];
    assert_eq!((&statistics[0]["task"], &target["task"]), (&Value::from("source"), &Value::from("target")));
    let sum = |counts: &Value| counts.as_array().expect("counts").iter().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!((sum(&target["train"]["per_class"]), sum(&target["test"]["per_class"])), (80, 2000));
    let record = json(&place.run(&["target.normalisation=subset"]).join("run.json"));
    assert_eq!(Value::from(sum(&target["wrong_labels"])), record["data"]["corrupted_examples"]);
    assert_eq!(target["train"]["colours"], record["data"]["normalisation"]);
    assert_eq!(statistics[0]["wrong_labels"], Value::Null);
    let table = place.freezewise(&["data", "stats", "spec.toml"]).stdout;
    for part in ["target: synthetic, images of 3×8×8", "class 9", "mislabelled", "red: mean"] {
        assert!(table.contains(part), "{part}\n{table}");
    }
}

#[test]
fn stats_accept_the_name_of_a_data_set() {
    let place = Place::new();
    write_cifar10(&place.path("data/cifar-10-batches-bin"));
    let statistics = parse(&place.freezewise(&["data", "stats", "cifar10", "--json"]));
    assert_eq!(statistics[0]["train"]["per_class"], Value::from(vec![5000; 10]));
    assert_eq!((&statistics[0]["image"], statistics.as_array().map(Vec::len)), (&Value::from("3×32×32"), Some(1)));
    // Pixels are 25 times the label, so their mean is 4.5 · 25.
    let mean = statistics[0]["test"]["colours"]["mean"][2].as_f64().expect("a mean");
    assert!((mean - 4.5 * 25.0 / 255.0).abs() < 1e-12, "{mean}");
    assert_eq!(place.freezewise(&["data", "stats", "cifar11"]).code, 2);
    assert_eq!(place.freezewise(&["data", "stats", "absent.toml"]).code, 2);
}

/// The number of pixels in the colour that marks wrong labels.
fn red(picture: &std::path::Path) -> usize {
    let picture = image::open(picture).expect("a picture").to_rgb8();
    picture.pixels().filter(|pixel| pixel.0 == [200, 30, 30]).count()
}

#[test]
fn preview_draws_examples_and_marks_wrong_labels() {
    let place = Place::with(TINY);
    let preview = |sets: &[&str], out: &str| {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let arguments: Vec<&str> = ["data", "preview", "spec.toml", "--out", out].into_iter().chain(sets).collect();
        let answer = place.freezewise(&arguments);
        assert_eq!((answer.code, answer.stdout.trim()), (0, out), "{}", answer.stderr);
        place.path(out)
    };
    let sheet = preview(&["target.train.augment=[\"flip\"]"], "sheet.png");
    assert!(red(&sheet) > 1000, "a quarter of the labels is wrong");
    assert_eq!(red(&preview(&["target.label_noise=0"], "clean.png")), 0);
    let height = |path: &std::path::Path| image::open(path).expect("a picture").height();
    assert!(height(&sheet) > height(&place.path("clean.png")), "augmented images have their own rows");
    let again = preview(&["target.train.augment=[\"flip\"]"], "again.png");
    assert_eq!(std::fs::read(&sheet).expect("a file"), std::fs::read(again).expect("a file"));
    assert_eq!(place.freezewise(&["data", "preview", "spec.toml", "--out", "sheet.jpg"]).code, 2);
}
