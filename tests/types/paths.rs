//! What a path of a request leads to.

use graphspec::csdl::{Model, Operation, RequestBody};
use graphspec::schema::{Chosen, Types};

use super::{graph, library};

fn answer(model: &Model, request: &str) -> Option<String> {
    let (method, path) = request.split_once(' ').unwrap();
    model.answer(method, path).map(|found| model.shown(found))
}

fn request(model: &Model, request: &str) -> Option<String> {
    let (method, path) = request.split_once(' ').unwrap();
    Some(match model.request(method, path)? {
        RequestBody::Value(of) => model.name_of(of).to_owned(),
        RequestBody::Parameters(Operation { parameters, .. }) => {
            parameters.iter().map(|parameter| &*parameter.name).collect::<Vec<_>>().join(" ")
        }
    })
}

#[test]
fn paths_lead_to_types() {
    let model = library();
    for (path, wanted) in [
        ("GET /books", "Collection(example.library.book)"),
        ("GET /books?$filter=a/b", "Collection(example.library.book)"),
        ("GET /books/{id}", "example.library.book"),
        ("GET /books('x/y')", "example.library.book"),
        ("GET /books/{id | isbn}/authors", "Collection(example.library.author)"),
        ("POST /books", "example.library.book"),
        ("PATCH /books/17", "example.library.book"),
        ("GET /Me/Borrowed", "Collection(example.library.book)"),
        ("POST /readers/{id}/borrowed/add", "Collection(example.library.book)"),
        ("POST /readers/{id}/friends/add", "Collection(example.library.outcome)"),
        ("POST /readers/{id}/friends/lib.add", "Collection(example.library.outcome)"),
        ("POST /readers/{id}/borrowed/example.library.Add", "Collection(example.library.book)"),
        ("GET /readers/delta", "Collection(example.library.reader)"),
        ("GET /readers/delta(token='a/b')", "Collection(example.library.reader)"),
        ("GET /books/oldest()", "example.library.book"),
        ("GET /books/oldest(genre='history')", "example.library.novel"),
        ("GET /books/oldest()/authors", "Collection(example.library.author)"),
        ("PATCH /books/oldest()", "example.library.book"),
        ("GET /me/loans/{id}/book/origin/city", "Edm.String"),
        ("GET /shelf/items/example.library.book", "Collection(example.library.book)"),
        ("GET /shelf/items/{id}/lib.Novel/chapters", "Edm.Int32"),
        ("GET /shelf/items/{id}/pages", "Edm.Int32"),
        ("GET /shelf/root:/a/b.txt", "example.library.folder"),
        ("GET /shelf/root:/a/b c.txt:/children", "Collection(example.library.folder)"),
        ("GET /shelf/root/children/{id}:/{path}:/children", "Collection(example.library.folder)"),
        ("PUT /shelf/root:/a.txt:/content", "example.library.folder"),
        ("GET /readers/19:ab@thread.v2/friends", "Collection(example.library.reader)"),
        ("POST /close", "example.library.address"),
    ] {
        assert_eq!(answer(&model, path).as_deref(), Some(wanted), "{path}");
    }
    for nowhere in [
        "GET /",
        "GET /nothing",
        "GET /books/$count",
        "GET /books/{id}/$value",
        "GET /me/friends/$ref",
        "GET /books/{id}/nothing",
        "GET /books/{id}/{anything}",
        "GET /books/{id}/authors/nothing",
        "DELETE /books/{id}",
        "POST /books/{id}",
        "POST /books/{id}/lend",
        "GET /books/{id}/pages/more",
        "GET /close",
        "GET ((((",
    ] {
        assert_eq!(answer(&model, nowhere), None, "{nowhere}");
    }
}

#[test]
fn requests_carry_types_or_parameters() {
    let model = library();
    for (path, wanted) in [
        ("POST /books", "example.library.book"),
        ("PATCH /books/{id}", "example.library.book"),
        ("PATCH /books/oldest()", "example.library.book"),
        ("POST /me/borrowed/add", "value"),
        ("POST /me/friends/add", "values"),
        ("POST /books/{id}/lend", "Days to"),
    ] {
        assert_eq!(request(&model, path).as_deref(), Some(wanted), "{path}");
    }
    for nothing in ["GET /books", "POST /books/{id}", "POST /me/friends/$ref", "POST /nothing"] {
        assert_eq!(request(&model, nothing), None, "{nothing}");
    }
}

/// The annotation deleted, the path alone tells what is followed.
#[test]
fn followed_ones_are_known_by_their_path_alone() {
    for file in ["v1.0-Prod.csdl", "site.csdl"] {
        let Some(model) = graph(file) else { return };
        for (path, wanted) in [
            ("POST /users/{user-id}/followedSites/add", "Collection(microsoft.graph.site)"),
            ("POST /users/{user-id}/followedSites/remove", "Collection(microsoft.graph.site)"),
            ("GET /me/followedSites", "Collection(microsoft.graph.site)"),
            ("POST /users('x')/followedSites/microsoft.graph.add", "Collection(microsoft.graph.site)"),
        ] {
            assert_eq!(answer(&model, path).as_deref(), Some(wanted), "{file}: {path}");
        }
        assert_eq!(request(&model, "POST /users/{id}/followedSites/add").as_deref(), Some("value"), "{file}");
        let types = Types::of(model);
        let found = types.answer(("POST", "/users/{id}/followedSites/add"), None, None).unwrap();
        assert_eq!((types.name_of(&found).as_str(), found.chosen), ("Collection(microsoft.graph.site)", Chosen::Path));
    }
    let Some(model) = graph("v1.0-Prod.csdl") else { return };
    let members = answer(&model, "POST /teams/{id}/members/add");
    assert_eq!(members.as_deref(), Some("Collection(microsoft.graph.actionResultPart)"));
}
