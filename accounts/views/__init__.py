"""Signing in and out."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView

from accounts.forms import SignInForm


class SignInView(LoginView):
    """The page everybody without a session lands on; `next` is checked by Django."""

    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOutView(LogoutView):
    """Ends the session; POST only."""
