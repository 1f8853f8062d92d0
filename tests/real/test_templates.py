"""The templates of `docs/setup`: what they say, and what becomes of them in ministack."""

import pathlib
import tempfile
import unittest

import botocore.exceptions

import machine
import ministack_account
import template
from ministack_account import REGION
from template import MISSING

# What an administrator has to say; the rest has defaults.
PARAMETERS = {
    "saml": {
        "DomainPrefix": "saml-team",
        "MetadataUrl": "https://login.example.com/federationmetadata.xml?appid=1",
        "DeveloperPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess",
    },
    "password": {
        "DomainPrefix": "password-team",
        "DeveloperPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess",
    },
    "google": {
        "DomainPrefix": "google-team",
        "GoogleClientId": "123456789012-abc123.apps.googleusercontent.com",
        "ClientSecretName": "google-secret",
        "DeveloperPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess",
    },
    "developer": {
        "DeveloperProviderName": "login.example.com",
        "BackendUrl": "https://backend.example.com/api/v1",
    },
}
WITH_USER_POOL = ("saml", "google", "password")
WITH_PROVIDER = ("saml", "google")


class Text(unittest.TestCase):
    """What no stand-in can tell."""

    maxDiff = None

    def test_rotation_is_on_with_a_grace_and_no_flow_forbids_it(self):
        for name in WITH_USER_POOL:
            client = template.read(name)["Resources"]["UserPoolClient"]["Properties"]
            self.assertEqual(client["RefreshTokenRotation"], {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60})
            self.assertNotIn("ALLOW_REFRESH_TOKEN_AUTH", client["ExplicitAuthFlows"])

    def test_each_app_client_has_a_style_for_managed_login(self):
        for name in WITH_USER_POOL:
            branding = template.read(name)["Resources"]["Branding"]["Properties"]
            self.assertEqual(branding["ClientId"], {"Ref": "UserPoolClient"})
            self.assertIs(branding["UseCognitoProvidedValues"], True)

    def test_the_provider_stands_before_the_app_client_that_names_it(self):
        for name in WITH_PROVIDER:
            resources = template.read(name)["Resources"]
            provider = resources["IdentityProvider"]["Properties"]
            self.assertEqual(resources["UserPoolClient"]["DependsOn"], "IdentityProvider")
            client = resources["UserPoolClient"]["Properties"]
            self.assertEqual(client["SupportedIdentityProviders"], [provider["ProviderName"]])

    def test_the_saml_provider_is_the_one_of_the_parameters(self):
        provider = template.read("saml")["Resources"]["IdentityProvider"]["Properties"]
        self.assertEqual(provider["ProviderDetails"]["MetadataURL"], {"Ref": "MetadataUrl"})
        self.assertEqual(provider["AttributeMapping"], {"email": {"Ref": "EmailClaim"}})

    def test_google_gets_its_secret_from_secrets_manager_and_people_are_numbers(self):
        whole = template.read("google")
        provider = whole["Resources"]["IdentityProvider"]["Properties"]
        self.assertEqual((provider["ProviderType"], provider["ProviderName"]), ("Google", "Google"))
        secret = {"Fn::Sub": "{{resolve:secretsmanager:${ClientSecretName}:SecretString}}"}
        wanted = {"client_id": {"Ref": "GoogleClientId"}, "client_secret": secret}
        self.assertEqual(provider["ProviderDetails"], wanted | {"authorize_scopes": "openid email profile"})
        self.assertEqual(provider["AttributeMapping"], {"username": "sub", "email": "email"})

    def test_a_stranger_with_a_google_account_gets_nothing(self):
        self.assertEqual(template.read("google")["Parameters"]["PeopleWithoutGroup"]["Default"], "Deny")

    def test_roles_are_mapped_for_the_user_pool_and_the_app_client(self):
        for name in WITH_USER_POOL:
            mappings = template.read(name)["Resources"]["RoleAttachment"]["Properties"]["RoleMappings"]
            (mapping,) = mappings.values()
            self.assertEqual(mapping["IdentityProvider"], {"Fn::Sub": "${UserPool.ProviderName}:${UserPoolClient}"})

    def test_the_user_pool_templates_differ_in_how_people_sign_in_and_in_nothing_else(self):
        password = template.read("password")
        del password["Resources"]["UserPool"]
        outputs = {"saml": {"SamlIdentifier", "SamlReplyUrl"}, "google": {"GoogleRedirectUri"}}
        for name in WITH_PROVIDER:
            whole = template.read(name)
            resources, client = whole["Resources"], whole["Resources"]["UserPoolClient"]
            del resources["UserPool"], resources["IdentityProvider"], client["DependsOn"]
            client["Properties"]["SupportedIdentityProviders"] = ["COGNITO"]
            if name == "google":
                del resources["SignInPolicy"]["Properties"]["PolicyDocument"]["Statement"][2:]
            self.assertEqual(resources, password["Resources"])
            for output in {"CognitoIdentityProvider"} | outputs[name]:
                del whole["Outputs"][output]
            self.assertEqual(whole["Outputs"], password["Outputs"])

    def test_outputs_are_named_after_the_keys_of_a_profile(self):
        known = (machine.ROOT / "src" / "profile" / "keys.rs").read_text()
        for name in PARAMETERS:
            for output, said in template.read(name)["Outputs"].items():
                key = template.key_of(output)
                if not key.startswith("cognito_"):
                    continue
                self.assertEqual(said["Description"], key)
                self.assertIn(f'"{key}"', known)

    def test_nobody_who_signs_in_changes_how_people_sign_in(self):
        for name in WITH_USER_POOL:
            resources = template.read(name)["Resources"]
            for role in ("DeveloperRole", "ViewerRole"):
                self.assertIn({"Ref": "SignInPolicy"}, resources[role]["Properties"]["ManagedPolicyArns"])
            statements = resources["SignInPolicy"]["Properties"]["PolicyDocument"]["Statement"]
            pool = "arn:${AWS::Partition}:cognito-identity:${AWS::Region}:${AWS::AccountId}:identitypool/${IdentityPool}"
            denied = [("cognito-idp:*", {"Fn::GetAtt": ["UserPool", "Arn"]}), ("cognito-identity:*", {"Fn::Sub": pool})]
            if name == "google":
                secret = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${ClientSecretName}-??????"
                denied.append(("secretsmanager:*", {"Fn::Sub": secret}))
            self.assertEqual([(one["Action"], one["Resource"]) for one in statements], denied)
            self.assertEqual({one["Effect"] for one in statements}, {"Deny"})

    def test_the_trust_policies_name_this_identity_pool_and_people_who_signed_in(self):
        wanted = {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": {
                "StringEquals": {"cognito-identity.amazonaws.com:aud": {"Ref": "IdentityPool"}},
                "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
            },
        }
        for name in PARAMETERS:
            resources = template.read(name)["Resources"].values()
            roles = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::IAM::Role"]
            self.assertEqual(len(roles), 2 if name in WITH_USER_POOL else 1)
            for role in roles:
                self.assertEqual(role["AssumeRolePolicyDocument"]["Statement"], [wanted])


class Deployed(unittest.TestCase):
    """What stands in ministack afterwards."""

    maxDiff = None

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ministack-"))
        self.server = self.enterContext(ministack_account.Ministack(pathlib.Path(folder)))
        self.stacks = self.server.client("cloudformation")

    def create(self, name: str, body: str, **parameters):
        parameters = PARAMETERS[name] | parameters
        return self.stacks.create_stack(
            StackName=name,
            TemplateBody=body,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )

    def deploy(self, name: str) -> dict:
        """Deploys as much of `docs/setup/NAME.yaml` as ministack takes; returns the outputs."""
        self.create(name, template.text(template.without(template.read(name), MISSING)))
        waiter = self.stacks.get_waiter("stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return self.outputs(name)

    def outputs(self, stack: str) -> dict:
        (described,) = self.stacks.describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def refusal(self, name: str, body: str, **parameters) -> str:
        with self.assertRaises(botocore.exceptions.ClientError) as raised:
            self.create(name, body, **parameters)
        return raised.exception.response["Error"]["Message"]

    def assert_has(self, thing: dict, **wanted):
        self.assertEqual({key: thing.get(key) for key in wanted}, wanted)

    def test_ministack_lacks_what_this_file_says_and_nothing_else(self):
        for name in PARAMETERS:
            lacking = template.types(template.read(name)) & MISSING
            whole = (template.FOLDER / f"{name}.yaml").read_text()
            if not lacking:
                self.create(name, whole)
                continue
            message = self.refusal(name, whole)
            self.assertIn(f"Unrecognized resource types: [{', '.join(sorted(lacking))}]", message)

    def test_parameters_that_can_not_work_are_refused(self):
        wrong = {
            "saml": {
                "DomainPrefix": ["my-aws-team", "Team", "-team", "team.example.com"],
                "RedirectUris": ["https://example.com", "http://localhost", "http://localhost:8080,http://example.com:8095"],
                "LoginHours": ["0", "87601"],
                "MetadataUrl": ["http://login.example.com/metadata.xml", "metadata.xml"],
                "ProviderName": ["Entra_ID", "Entra ID", "ID", "E" * 33],
                "DeveloperPolicyArn": ["PowerUserAccess", "arn:aws:iam::123456789012:role/developer"],
                "PeopleWithoutGroup": ["Allow"],
            },
            "google": {
                "GoogleClientId": ["123456789012", "https://123-a.apps.googleusercontent.com"],
                "ClientSecretName": ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:google-AbCdEf", "a}}b"],
            },
        }
        for name, parameters in wrong.items():
            body = template.text(template.without(template.read(name), MISSING))
            for parameter, values in parameters.items():
                for value in values:
                    with self.subTest(parameter=parameter, value=value):
                        self.assertIn(parameter, self.refusal(name, body, **{parameter: value}))

    def test_the_app_client_is_public_and_has_the_redirects(self):
        for name, provider, hours in (("saml", "EntraID", 12), ("google", "Google", 12), ("password", "COGNITO", 720)):
            outputs = self.deploy(name)
            redirects = ["http://localhost:8080", "http://localhost:8095"]
            self.assertEqual(outputs["CognitoRedirectUri"], ", ".join(redirects))
            self.assertEqual(outputs.get("CognitoIdentityProvider", "COGNITO"), provider)
            client = self.server.client("cognito-idp").describe_user_pool_client(
                UserPoolId=outputs["CognitoUserPoolId"], ClientId=outputs["CognitoClientId"]
            )["UserPoolClient"]
            self.assertNotIn("ClientSecret", client)
            self.assert_has(
                client,
                CallbackURLs=redirects,
                LogoutURLs=redirects,
                SupportedIdentityProviders=[provider],
                AllowedOAuthFlowsUserPoolClient=True,
                AllowedOAuthFlows=["code"],
                AllowedOAuthScopes=["openid", "email", "profile"],
                EnableTokenRevocation=True,
                PreventUserExistenceErrors="ENABLED",
                AccessTokenValidity=60,
                IdTokenValidity=60,
                TokenValidityUnits={"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
            )
            self.assertEqual(int(client["RefreshTokenValidity"]), hours)

    def test_nobody_signs_up_and_the_domain_shows_managed_login(self):
        for name in WITH_USER_POOL:
            outputs = self.deploy(name)
            users = self.server.client("cognito-idp")
            pool = users.describe_user_pool(UserPoolId=outputs["CognitoUserPoolId"])["UserPool"]
            self.assertIs(pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"], True)
            self.assertFalse(pool.get("DeviceConfiguration"))
            self.assert_has(pool, UserPoolTier="ESSENTIALS")
            prefix = f"{name}-team"
            self.assertEqual(outputs["CognitoDomain"], f"https://{prefix}.auth.{REGION}.amazoncognito.com")
            domain = users.describe_user_pool_domain(Domain=prefix)["DomainDescription"]
            self.assert_has(domain, UserPoolId=outputs["CognitoUserPoolId"], ManagedLoginVersion=2)

    def test_people_with_a_password_need_a_second_factor_and_keep_their_address(self):
        outputs = self.deploy("password")
        users = self.server.client("cognito-idp")
        pool = users.describe_user_pool(UserPoolId=outputs["CognitoUserPoolId"])["UserPool"]
        self.assert_has(pool, MfaConfiguration="ON", UsernameAttributes=["email"])
        # Somebody who could change the address at once would change the principal tag with it.
        self.assertEqual(pool["UserAttributeUpdateSettings"], {"AttributesRequireVerificationBeforeUpdate": ["email"]})
        factors = users.get_user_pool_mfa_config(UserPoolId=outputs["CognitoUserPoolId"])
        self.assertEqual(factors["SoftwareTokenMfaConfiguration"], {"Enabled": True})

    def test_the_saml_outputs_are_what_the_providers_form_asks_for(self):
        outputs = self.deploy("saml")
        self.assertEqual(outputs["SamlIdentifier"], f"urn:amazon:cognito:sp:{outputs['CognitoUserPoolId']}")
        self.assertEqual(outputs["SamlReplyUrl"], f"{outputs['CognitoDomain']}/saml2/idpresponse")

    def test_google_is_told_the_address_of_the_user_pool(self):
        outputs = self.deploy("google")
        self.assertEqual(outputs["GoogleRedirectUri"], f"{outputs['CognitoDomain']}/oauth2/idpresponse")

    def test_the_identity_pool_trusts_the_app_client_alone_and_checks_at_the_server(self):
        for name, without_group in (("saml", "AuthenticatedRole"), ("google", "Deny"), ("password", "Deny")):
            outputs = self.deploy(name)
            pools, pool_id = self.server.client("cognito-identity"), outputs["CognitoIdentityPoolId"]
            user_pool = f"cognito-idp.{REGION}.amazonaws.com/{outputs['CognitoUserPoolId']}"
            self.assert_has(
                pools.describe_identity_pool(IdentityPoolId=pool_id),
                AllowUnauthenticatedIdentities=False,
                AllowClassicFlow=False,
                CognitoIdentityProviders=[
                    {"ProviderName": user_pool, "ClientId": outputs["CognitoClientId"], "ServerSideTokenCheck": True}
                ],
            )
            roles = pools.get_identity_pool_roles(IdentityPoolId=pool_id)
            self.assertEqual(roles["Roles"], {"authenticated": self.role(f"{name}-viewer", pool_id)})
            (mapping,) = roles["RoleMappings"].values()
            self.assert_has(mapping, Type="Token", AmbiguousRoleResolution=without_group)
            tags = pools.get_principal_tag_attribute_map(IdentityPoolId=pool_id, IdentityProviderName=user_pool)
            self.assert_has(tags, UseDefaults=False, PrincipalTags={"email": "email", "sub": "sub"})

    def test_each_group_has_its_role_and_developers_come_first(self):
        for name in WITH_USER_POOL:
            outputs = self.deploy(name)
            listed = self.server.client("cognito-idp").list_groups(UserPoolId=outputs["CognitoUserPoolId"])["Groups"]
            found = {group["GroupName"]: (group["RoleArn"], group["Precedence"]) for group in listed}
            pool_id = outputs["CognitoIdentityPoolId"]
            developer, viewer = (self.role(f"{name}-{end}", pool_id) for end in ("developer", "viewer"))
            self.assertEqual(found, {"developers": (developer, 10), "viewers": (viewer, 20)})
            attached = self.server.client("iam").list_attached_role_policies(RoleName=f"{name}-developer")
            arns = [entry["PolicyArn"] for entry in attached["AttachedPolicies"]]
            self.assertEqual(arns[0], PARAMETERS[name]["DeveloperPolicyArn"])
            self.assertEqual(len(arns), 2)

    def test_developer_identities_have_a_pool_a_role_and_a_right_for_the_backend_alone(self):
        outputs = self.deploy("developer")
        pool_id = outputs["CognitoIdentityPoolId"]
        pools, iam = self.server.client("cognito-identity"), self.server.client("iam")
        self.assert_has(
            pools.describe_identity_pool(IdentityPoolId=pool_id),
            AllowUnauthenticatedIdentities=False,
            AllowClassicFlow=False,
            DeveloperProviderName=outputs["DeveloperProviderName"],
        )
        roles = pools.get_identity_pool_roles(IdentityPoolId=pool_id)["Roles"]
        self.assertEqual(roles, {"authenticated": self.role("developer-person", pool_id)})
        right = iam.get_policy_version(PolicyArn=outputs["BackendPolicyArn"], VersionId="v1")["PolicyVersion"]
        (statement,) = right["Document"]["Statement"]
        account = outputs["BackendPolicyArn"].split(":")[4]
        self.assert_has(
            statement,
            Effect="Allow",
            Action="cognito-identity:GetOpenIdTokenForDeveloperIdentity",
            Resource=f"arn:aws:cognito-identity:{REGION}:{account}:identitypool/{pool_id}",
        )

    def role(self, name: str, identity_pool: str) -> str:
        """The ARN of a role that has to trust this identity pool."""
        role = self.server.client("iam").get_role(RoleName=name)["Role"]
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        conditions = statement["Condition"]["StringEquals"]
        self.assertEqual(conditions, {"cognito-identity.amazonaws.com:aud": identity_pool})
        return role["Arn"]


if __name__ == "__main__":
    unittest.main()
