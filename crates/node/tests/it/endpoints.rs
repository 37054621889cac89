//! One test walks every endpoint as nobody, as a stranger and as the wrong role.

use huitong_registry::model::role::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Stage;

/// Fills the places of a path.
fn concrete(path: &str) -> String {
    path.replace("{visit}", "00000000-0000-7000-8000-000000000000")
        .replace("{filing}", "00000000-0000-7000-8000-000000000000")
        .replace("{batch}", "1")
        .replace("{number}", "1")
        .replace("{person}", "P1")
        .replace("{settlement}", "A1")
        .replace("{message_id}", "m-00000001")
        .replace("{role}", "home")
        .replace("{id}", "somebody")
        .replace("{key}", "0011223344556677")
        .replace("{area}", "310100")
        .replace("{scheme}", "employee")
        .replace("{network}", "310100")
        .replace("{version}", "1")
        .replace("{pack}", "metro")
        .replace("{gate}", "SH-0101-A07")
        .replace("{trip}", &"0".repeat(64))
        .replace("{pool}", "330100")
        .replace("{account}", &"9".repeat(28))
        .replace("{grant}", "00000000-0000-7000-8000-000000000000")
        .replace("{kind}", "account")
        .replace("{cause}", "lost")
        .replace("{rider}", &"9".repeat(44))
}

/// A key of a principal with just this role, for every role.
async fn key_per_role(stage: &Stage) -> Vec<(Role, String)> {
    let operator = stage.operator("310000");
    let mut keys = Vec::new();
    for role in Role::ALL {
        let id = format!("only-{role:?}");
        let principal = json!({ "id": id, "participant": "operator", "roles": [role] });
        operator.send::<_, Value>(Method::POST, "/v1/registry/principals", None, &principal).await.expect("added");
        let path = format!("/v1/registry/principals/{id}/keys");
        let days = json!({ "valid_days": 1 });
        let (_, key) = operator.send::<_, Value>(Method::POST, &path, None, &days).await.expect("issued");
        keys.push((role, key["secret"].as_str().expect("a key").to_owned()));
    }
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_is_closed_to_nobody_to_strangers_and_to_the_wrong_role() {
    let stage = Stage::new(&[]).await;
    let url = stage.url("310000");
    let http = huitong_node::tls::http_client().build().expect("a client");
    let api: Value = http.get(format!("{url}/openapi.json")).send().await.unwrap().json().await.unwrap();
    let keys = key_per_role(&stage).await;
    let stranger = format!("ht_{}_{}", "0".repeat(16), "0".repeat(64));
    let mut walked = 0;
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let permission = operation["x-permission"].as_str().expect("every operation names its permission");
            let request = || {
                let method = method.to_uppercase().parse().expect("a method");
                http.request(method, format!("{url}{}", concrete(path)))
                    .header("content-type", "application/json")
                    .body("{}")
            };
            let status = async |key: Option<&str>| {
                let request = match key {
                    Some(key) => request().bearer_auth(key.trim()),
                    None => request(),
                };
                request.send().await.expect("the node answers").status().as_u16()
            };
            if permission == "public" {
                assert_eq!(status(None).await, 200, "{method} {path} is public");
                continue;
            }
            walked += 1;
            assert_eq!(status(None).await, 401, "{method} {path} as nobody");
            assert_eq!(status(Some(&stranger)).await, 401, "{method} {path} as a stranger");
            for (role, key) in &keys {
                let found = status(Some(key)).await;
                if role.permissions().contains(&permission) {
                    assert!(found != 401 && found != 403, "{method} {path} as {role:?}: {found}");
                } else {
                    assert_eq!(found, 403, "{method} {path} needs {permission}, asked as {role:?}");
                }
            }
            let granted = Role::ALL.iter().filter(|role| role.permissions().contains(&permission)).count();
            assert!((1..Role::ALL.len()).contains(&granted), "{permission} is given to some roles and not to all");
        }
    }
    assert!(walked > 25, "only {walked} endpoints were walked");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_refused_at_once_and_its_secret_is_nowhere_in_the_files() {
    let stage = Stage::new(&[]).await;
    let cashier = stage.cashier("H31010100001");
    cashier.get::<Value>("/v1/medical/settlements").await.expect("the key opens");
    let key = stage.keys["H31010100001"].clone();
    let id = key.split('_').nth(1).expect("an id");
    let secret = key.split('_').nth(2).expect("a secret");
    let path = format!("/v1/registry/keys/{id}");
    let none: Option<()> = None;
    stage.operator("310000").send::<_, Value>(Method::DELETE, &path, None, &none).await.expect("revoked");
    let refused = cashier.get::<Value>("/v1/medical/settlements").await.expect_err("the key is dead");
    assert!(refused.to_string().starts_with("API-1001"), "{refused}");
    let folder = stage.region.node_folder("310000").join("streams");
    let folder_of_test = stage.stop().await;
    for entry in std::fs::read_dir(folder).expect("streams") {
        let bytes = std::fs::read(entry.expect("readable").path()).expect("readable");
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "a secret is stored as a hash only");
    }
    drop(folder_of_test);
}
