//! The outputs of a CloudFormation stack as keys of a profile: what
//! `aws cloudformation describe-stacks` prints (AWS CloudFormation API Reference, "DescribeStacks").

use super::keys::{self, Key};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    stacks: Vec<Stack>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stack {
    #[serde(default)]
    stack_name: String,
    #[serde(default)]
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

/// Reads the keys of a profile out of a stack's outputs: `Region` is `region`, and `CognitoClientId`
/// is `cognito_client_id`. Other outputs are the team's own.
///
/// # Errors
/// In plain words: no JSON of that form, no stack or several, no such outputs.
pub fn read(json: &str) -> Result<Vec<(&'static str, String)>, String> {
    let description: Description = serde_json::from_str(json)
        .map_err(|_| "they are not what aws cloudformation describe-stacks prints as JSON".to_owned())?;
    let stack = match &description.stacks[..] {
        [] => return Err("they describe no stack".to_owned()),
        [stack] => stack,
        several => {
            let names: Vec<_> = several.iter().map(|stack| stack.stack_name.as_str()).collect();
            return Err(format!("they describe several stacks: {}", names.join(", ")));
        }
    };
    let found: Vec<_> = stack
        .outputs
        .iter()
        .filter_map(|output| Some((key_of(&output.output_key)?, output.output_value.clone())))
        .collect();
    if !found.iter().any(|(key, _)| key.starts_with(keys::PREFIX)) {
        return Err(format!("stack {} has no outputs like CognitoDomain", stack.stack_name));
    }
    Ok(found)
}

fn key_of(output: &str) -> Option<&'static str> {
    if output == "Region" {
        return Some("region");
    }
    let name = snake_case(output);
    keys::ALL.iter().map(|key: &Key| key.name).find(|key| *key == name)
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_become_keys_and_the_teams_own_are_left_out() {
        let json = r#"{"Stacks": [{"StackName": "s", "Outputs": [
            {"OutputKey": "CognitoIdentityPoolId", "OutputValue": "a", "Description": "x"},
            {"OutputKey": "Region", "OutputValue": "eu-west-1"},
            {"OutputKey": "CognitoUserPoolArn", "OutputValue": "c"},
            {"OutputKey": "BucketName", "OutputValue": "d"}]}]}"#;
        let wanted = vec![("cognito_identity_pool_id", "a".to_owned()), ("region", "eu-west-1".to_owned())];
        assert_eq!(read(json).unwrap(), wanted);
    }

    #[test]
    fn every_key_has_an_output_of_its_own() {
        for key in keys::ALL {
            let words = key.name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
            assert_eq!(key_of(&words.collect::<String>()), Some(key.name));
        }
    }
}
